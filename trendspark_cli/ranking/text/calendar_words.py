"""Names of days and months from CLDR (Unicode License v3), as terms; written by scripts/calendar_words.py."""

# A language a line: its code, then its names, "_" between the words of a pair.
LISTS = """
en april august december february friday fridays january july june monday mondays november october saturday saturdays september sunday sundays thursday thursdays today tomorrow tonight tuesday tuesdays wednesday wednesdays weekend weekends yesterday
af april desember dinsdag donderdag februarie januarie junie maandag maart november saterdag september sondag vrydag woensdag
ar ابريل اغسطس اكتوبر الاثنين الاحد الاربعاء الثلاثاء الجمعه الخميس السبت ديسمبر سبتمبر فبراير مارس نوفمبر يناير يوليو يونيو
bg август април вторник декември март неделя ноември октомври петък петъка понеделник септември сряда събота февруари четвъртък юли юни януари
bn অক্টোবর আগস্ট এপ্রিল জানুয়ারি জুন জুলাই ডিসেম্বর নভেম্বর ফেব্রুয়ারি বুধবার বৃহস্পতিবার মঙ্গলবার মার্চ মে রবিবার শনিবার শুক্রবার সেপ্টেম্বর সোমবার
ca abril agost desembre dijous dilluns dimarts dimecres dissabte diumenge divendres febrer gener juliol juny maig novembre octubre setembre
cs brezen brezna cerven cervence cervenec cervna ctvrtek duben dubna kveten kvetna leden ledna listopad listopadu nedele nedeli patek patku pondeli prosince prosinec rijen rijna sobotu srpen srpna streda stredu utery zari
da april august december fredag juni lordag mandag marts november onsdag september sondag tirsdag torsdag
de april august dezember dienstag donnerstag freitag gestern juni marz mittwoch montag november samstag september sonntag ubermorgen wochenende
el απριλιοσ απριλιου αυγουστοσ αυγουστου δεκεμβριοσ δεκεμβριου δευτερα ιανουαριοσ ιανουαριου ιουλιοσ ιουλιου ιουνιοσ ιουνιου κυριακη μαιοσ μαιου μαρτιοσ μαρτιου νοεμβριοσ νοεμβριου οκτωβριοσ οκτωβριου παρασκευη πεμπτη σαββατο σεπτεμβριοσ σεπτεμβριου τεταρτη τριτη φεβρουαριοσ φεβρουαριου
es abril agosto anteayer diciembre domingo enero febrero jueves junio lunes manana martes marzo miercoles noviembre octubre sabado septiembre viernes
et aprill august detsember esmaspaev jaanuar juuli juuni kolmapaev laupaev marts neljapaev november oktoober puhapaev september teisipaev veebruar
eu abendua abuztua apirila asteartea asteazkena astelehena azaroa ekaina igandea iraila larunbata maiatza martxoa osteguna ostirala otsaila urria urtarrila uztaila
fa اكتبر اوت اوريل جمعه دسامبر دوشنبه سهشنبه سپتامبر شنبه فوريه مارس نوامبر يكشنبه پنجشنبه چهارشنبه ژانويه ژوين ژوييه
fi elokuu elokuuta heinakuu heinakuuta helmikuu helmikuuta huhtikuu huhtikuuta joulukuu joulukuuta kesakuu kesakuuta keskiviikko keskiviikkona lauantai lauantaina lokakuu lokakuuta maaliskuu maaliskuuta maanantai maanantaina marraskuu marraskuuta perjantai perjantaina sunnuntai sunnuntaina syyskuu syyskuuta tammikuu tammikuuta tiistai tiistaina torstai torstaina toukokuu toukokuuta
fr aout decembre demain dimanche fevrier janvier jeudi juillet juin lundi mardi mercredi novembre octobre samedi septembre vendredi
ga aibrean bealtaine deardaoin deireadh_fomhair eanair feabhra iuil lunasa mean_fomhair meitheamh nollaig samhain
gl abril agosto decembro domingo febreiro luns maio martes marzo mercores novembro outubro sabado setembro venres xaneiro xoves xullo xuno
gu એપ્રિલ ઑક્ટોબર ઑગસ્ટ ગુરુવાર જાન્યુઆરી જુલાઈ જૂન ડિસેમ્બર નવેમ્બર ફેબ્રુઆરી બુધવાર મંગળવાર માર્ચ મે રવિવાર શનિવાર શુક્રવાર સપ્ટેમ્બર સોમવાર
he אוגוסט אוקטובר אפריל דצמבר יולי יום_חמישי יום_ראשון יום_רביעי יום_שבת יום_שישי יום_שלישי יום_שני יוני ינואר מאי מרץ נובמבר ספטמבר פברואר
hi अक्टूबर अगस्त अप्रैल गुरुवार जनवरी जुलाई जून दिसंबर नवंबर फ़रवरी बुधवार मंगलवार मई मार्च रविवार शनिवार शुक्रवार सितंबर सोमवार
hr cetvrtak kolovoz kolovoza lipanj lipnja listopad listopada nedjelja nedjelju ozujak ozujka petak ponedjeljak prosinac prosinca rujan rujna sijecanj sijecnja srijeda srijedu srpanj srpnja studeni studenoga subota subotu svibanj svibnja travanj travnja utorak veljaca veljace
hu aprilis augusztus csutortok december hetfo junius kedd majus marcius november pentek szeptember szerda szombat vasarnap
hy ապրիլ ապրիլի դեկտեմբեր դեկտեմբերի երեքշաբթի երկուշաբթի կիրակի հինգշաբթի հոկտեմբեր հոկտեմբերի հուլիս հուլիսի հունիս հունիսի հունվար հունվարի մայիս մայիսի մարտ մարտի նոյեմբեր նոյեմբերի շաբաթ ուրբաթ չորեքշաբթի սեպտեմբեր սեպտեմբերի փետրվար փետրվարի օգոստոս օգոստոսի
id agustus april desember februari januari jumat juni kamis maret minggu november rabu sabtu selasa september
it agosto aprile dicembre domani domenica febbraio gennaio giovedi giugno luglio lunedi martedi marzo mercoledi novembre ottobre sabato settembre venerdi
ja 今日 土曜 日曜 明日 昨日 曜日 月曜 木曜 水曜 火曜 週末 金曜
ko 10월 11월 12월 1월 2월 3월 4월 5월 6월 7월 8월 9월 금요일 목요일 수요일 월요일 일요일 토요일 화요일
ku berfanbar carsem cotmeh dusem gulan heziran mijdar nisan pencsem rebendan sesem sibat tebax tirmeh yeksem
lt antradienis balandis balandzio birzelio birzelis geguze geguzes gruodis gruodzio ketvirtadienis kovas kovo lapkricio lapkritis liepa liepos penktadienis pirmadienis rugpjucio rugpjutis rugsejis rugsejo sausio sausis sekmadienis sestadienis spalio spalis treciadienis vasario vasaris
lv aprilis augusts ceturtdiena decembris februaris janvaris julijs junijs maijs marts novembris oktobris otrdiena piektdiena pirmdiena septembris sestdiena svetdiena tresdiena
mr एप्रिल ऑक्टोबर ऑगस्ट गुरुवार जानेवारी जुलै जून डिसेंबर नोव्हेंबर फेब्रुवारी बुधवार मंगळवार मार्च रविवार शनिवार शुक्रवार सप्टेंबर सोमवार
nl april december dinsdag donderdag februari gisteren januari juni maandag maart november september vandaag vrijdag weekend woensdag zaterdag zondag
no april august desember fredag juni lordag mandag november onsdag september sondag tirsdag torsdag
pl czerwca czerwiec czwartek czwartku grudnia grudzien jutro kwiecien kwietnia lipca lipiec listopad listopada lutego luty marca marzec niedziela niedziele niedzieli pazdziernik pazdziernika piatek piatku poniedzialek poniedzialku sierpien sierpnia sobote soboty sroda srode srody styczen stycznia wczoraj wrzesien wrzesnia wtorek
pt abril agosto amanha dezembro domingo fevereiro julho junho maio novembro outubro quartafeira quintafeira sabado segundafeira setembro sextafeira tercafeira
ro aprilie august decembrie duminica februarie ianuarie iulie iunie joi luni marti martie miercuri noiembrie octombrie sambata septembrie vineri
ru август августа апрель апреля воскресенье воскресенья вторник вторника вчера декабрь декабря июль июля июнь июня март марта мая ноябрь ноября октябрь октября понедельник понедельника пятница пятницу пятницы сентябрь сентября среда среду среды суббота субботу субботы февраль февраля четверг четверга январь января
sk april aprila august december decembra februara januara jula juna marca nedelu november novembra oktobra piatok pondelok september septembra sobotu streda stredu stvrtok utorok
sl april december november september
so abriil agosto arbaco axad diseembar febraayo isniin janaayo jannaayo jimco juun khamiis luulyo maarso maayo noofeembar ogosto oktoobar sabti sebteembar sebtembar talaado
sv april augusti december februari fredag januari juni lordag mandag november onsdag september sondag tisdag torsdag
sw agosti alhamisi aprili desemba februari ijumaa januari julai jumamosi jumanne jumapili jumatano jumatatu juni machi novemba oktoba septemba
tl abril agosto biyernes disyembre enero hulyo hunyo huwebes linggo lunes marso martes miyerkules nobyembre oktubre pebrero sabado setyembre
tr agustos aralik bugun carsamba cumartesi ekim eylul haziran kasim mayis nisan ocak pazartesi persembe sali subat temmuz yarin
uk березень березня вересень вересня вівторка вівторок грудень грудня жовтень жовтня квітень квітня липень липня листопад листопада лютий лютого неділю неділя понеділка понеділок пятницю пятниця середа середу серпень серпня субота суботу січень січня травень травня червень червня четвер четверга
ur اتوار اكتوبر اپريل اگست بده جمعرات جمعه جنوري جولايي جون دسمبر ستمبر فروري مارچ منگل ميي نومبر هفته پير
yo abameta aiku aje eti isegun ojobo ojoru osu_agemo osu_belu osu_ebibi osu_erele osu_erena osu_igbe osu_ogun osu_okudu osu_ope osu_owara osu_owewe
zh 一月 七月 三月 九月 二月 五月 今天 八月 六月 十一 十二 十月 周一 周三 周二 周五 周六 周四 周日 周末 四月 明天 星期 昨天 期一 期三 期二 期五 期六 期四 期日
zu agasti disemba ephreli februwari isonto januwari julayi juni mashi meyi novemba okthoba septhemba ulwesibili ulwesihlanu ulwesine ulwesithathu umgqibelo umsombuluko
"""

"""Words that say nothing about a topic, in the form in which words are counted.

Nine languages have lists of our own, which were measured; stop_word_lists.py has more words of eight, and 43 others.
"""

from trendspark_cli.ranking.text.folding import folded
from trendspark_cli.ranking.text.stop_word_lists import LISTS

_ENGLISH = """
a about above across after again against all almost also always am amp an and another any anyone anything are arent
around as at away back be became because been before being below between both but by came can cant com come could
couldnt did didnt do does doesnt doing dont down during each either else even ever every everyone everything few first
for from further gave get gets getting give go goes going gone gonna got had hadnt has hasnt have havent having he her
here hers herself him himself his how however http https i id if ill im in into is isnt it its itself ive just keep
know let lets like little made make makes making many may maybe me might mine more most much must my myself need
never new no nor not nothing now of off often oh ok okay on once one only onto or other others our ours ourselves out
over own per please put quite rather really rt said same saw say says see seem seen she should shouldnt since so some
someone something still such take than thank thanks that thats the their theirs them themselves then there theres
these they theyre theyve thing things think this those though through thus till to together too took toward under
until up upon us use used very via want was wasnt way we well went were werent weve what whats when where whether which
while who whole whom whose why will with within without wont would wouldnt www yes yet you youd youll your youre yours
yourself youve
"""
_SPANISH = """
al algo ante antes aquí así aunque cada como con contra cual cuando de del desde donde dos el él ella ellos en entre
era es esa ese eso esta está están este esto estos fue ha había han hasta hay la las le les lo los más me mi mis
mucho muy nada ni no nos nosotros o os otra otro para pero poco por porque que qué quien se ser si sí sin sobre son su
sus también tan te tiene todo todos tu tus un una uno unos y ya yo
"""
_FRENCH = """
alors après au aussi autre aux avant avec avoir bien car ce cela ces cette ceux chez ci comme dans de des deux donc du
elle elles en encore est et été être eu fait faire ici il ils je jusque la le les leur leurs lui ma mais me mes moi
moins mon même ne non nos notre nous on ont ou où par pas peu peut plus pour qu quand que quel quelle qui quoi sa sans
se ses si son sont sous sur ta te tes ton tous tout toute très tu un une vos votre vous était
"""
_GERMAN = """
aber alle alles als also am an auch auf aus bei beim bin bis bist da damit dann das dass dein dem den der des dich die
dies diese dieser dir doch dort du durch ein eine einem einen einer eines er es etwas für gegen habe haben hat hatte
hier ich ihm ihn ihr im immer in ins ist ja jetzt kann kein keine können man mehr mein mich mir mit muss nach nicht
nichts noch nun nur ob oder ohne schon sehr sein seine sich sie sind so über um und uns unter vom von vor war waren
was weil wenn wer werden wie wieder will wir wird wo zu zum zur
"""
_PORTUGUESE = """
a agora ainda ao aos as às até com como da das de dela dele depois do dos e é ela ele eles em entre era essa esse esta
está estão este eu foi há isso isto já lhe mais mas me mesmo meu minha muito na não nas nem no nos nós num numa o os
ou para pela pelo por porque pra quando que quem se sem ser seu seus só são sobre sua suas também te tem tudo um uma
você vocês
"""
_ITALIAN = """
agli ai al alla alle anche ancora che chi ci come con così cosa da dai dal dalla degli dei del della delle di dopo e è
era fra gli ha hanno ho i il in io la le lei lo loro lui ma me mi mia mio molto ne nei nel nella noi non nostro o ogni
per perché più poi prima quando quello questa questo qui sarà se sei senza si sia solo sono su sua suo sul sulla tra
tu tutti tutto un una uno va vi voi
"""
_RUSSIAN = """
а без более бы был была были было быть в вам вас весь во вот все всё всех вы где да даже для до его ее её если есть еще
ещё же за здесь и из или им их к как когда кто ли лишь меня мне много может мы на над надо нас не него нее неё нет ни
них но ну о об он она они оно от очень по под после потом при про раз с сам свой себя со так также такой там те тебя
тем то тоже только том тот ты у уже хотя чего чем что чтобы эта эти это этого этот я
"""

_ARABIC = """
في من على إلى الى عن مع هذا هذه ذلك تلك التي الذي الذين ما لا لم لن أن ان إن كان كانت هو هي هم نحن أنا انا أنت
يا أو او ثم قد كل بعد قبل حتى عند بين غير أي اي كما لكن و ليس هناك هنا
"""
_HINDI = """
का की के को से में पर है हैं था थी थे हो और या भी नहीं यह वह ये वे एक इस उस इन
उन ने तो ही कि जो जब तक कर करने किया गया रहा रही रहे
अब क्या
"""

# German function words that are topics in English; history makes them dull where they are everyday words.
_WORDS_OF_OTHERS = {"war", "man"}

# Written with full stops or signs, each of these is one word, and no name.
_SHORTENED = {
    "a.m",
    "p.m",
    "e.g",
    "i.e",
    "u.a",
    "eg",
    "ie",
    "am",
    "pm",
    "zb",
    "dh",
    "т.е",
    "т.д",
    "тд",
    "те",
    "usw",
    "etc",
    "q&a",
}


def _read() -> frozenset[str]:
    """Return all stop words."""
    own = " ".join((_ENGLISH, _SPANISH, _FRENCH, _GERMAN, _PORTUGUESE, _ITALIAN, _RUSSIAN, _ARABIC, _HINDI))
    listed = {word for line in LISTS.splitlines() for word in line.split()[1:]}
    return frozenset({folded(word) for word in own.split()} | listed | _SHORTENED) - _WORDS_OF_OTHERS


STOP_WORDS = _read()

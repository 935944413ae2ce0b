#!/usr/bin/env python3
"""Write trendspark_cli/ranking/text/stop_word_lists.py from the lists of stopwords-iso.

    pip install stopwordsiso==0.7.1 && scripts/stop_words.py

Terms are kept as hashes for weeks, so what is a stop word must not change with a package: the lists are made once, and
a change of the file asks for a new HISTORY_VERSION. Lists of that size eat news. Left out of them is what English
posts use as a word of its own (in one of ten thousand, counted over 615,165 posts), unless it is among the commonest
words of its language, and nouns that are topics.
"""

from __future__ import annotations

from pathlib import Path

import stopwordsiso

from trendspark_cli.ranking.text.words import canonical_word

TARGET = Path(__file__).parent.parent / "trendspark_cli" / "ranking" / "text" / "stop_word_lists.py"
HEAD = '''"""Words of stopwords-iso (MIT, Copyright (c) 2020 Gene Diaz), thinned; written by scripts/stop_words.py."""

# A language a line: its code, then its words in the form in which words are counted.
LISTS = """
'''
# English has its own list; those of Malay, Breton, Latin hold places, people and things. Korean endings are no words.
_LANGUAGES = (
    "af ar bg bn ca cs da de el es et eu fa fi fr ga gl gu he hi hr hu hy id it ja ko ku lt lv mr nl no pl pt ro ru sk"
    " sl so sv sw th tl tr uk ur vi yo zh zu"
)
LANGUAGES = _LANGUAGES.split()
_ENGLISH = """
    ab ad ag ah ak aka ali allen alt ama andre ap april area asia asian ate bald ban bang bar bare bat bay bet
    bi bo bon bong bra bud bus cam care cat cent certain chin cia cinco circa comment dale data day debut december
    dell design dice die different dig dis dock dog don door dove dr drug due ea ed eh eli ellen email end ers etc
    eve ex exact face fan far favor fe final fine fire folk font force fran fu fun fut gal gene general gi god
    gore gross haha halo ham hi hit hop ie ii iii inc iso iv jim kanye kde kim kit kong ky lan later link lite local
    logo maine male man mane manga manifesto mar mat mate mayor meg memes mens mil mila mind mint miss mod mode
    mr multi multiple nasa net nice nova november ny ode ot oz pan part pat pet pia pic pie piece pif poem pole
    possible pot pre premier premiere press primer pro pun pure putin quest ra rad ram rank rare rat ray re recent
    relative res rich saga sale sam sat save sea sean sense sent sept september sex sig sim sit six sons start state
    stop store sub sue suit tag tale tao tap tar ted tend tera th tie tied ties tim toe tom tons total tots tri ui
    unique ur usa ver vice vid vii visa vita vol wake war whatever won word zen zero
"""
ENGLISH = frozenset(_ENGLISH.split())
_TOPICS = """
    война голова голос город дверь деньги женщина жизнь земля книга комната машина москва народ ребенок россия русский
    советский страна товарищ улица человек плечо белый empleo estado estados general informo partes trabajo valor apoio
    conselho favor governo grupo local logo nivel noite ponto questao relacao saude sistema trabalho viagem accidenti
    citta
    comprare consiglio generale gruppo mondo paese press promessa registrazione scola forza miliardi milioni persone
    force piece personne personnes maximale mensch menschen ordnung startseite clanek clanku clanky zpravy design
    gospod cikk cikkek cikkeket ekip екип новина години година година china india thailand asian asia kanye islam bank
    beslut kr logo usa nato mali lima sara tina kirk otto lena mimi theo sedan tempo
    embargo uber peta polo eden bravo tau kimi durant boyle kojima thom jimi wong eren volta abu ana ara mara lama elf
    kale hog noon slab seas gran buenos ware fez pho taj jolla nola parole alias vase amen demi ernst tito tiki nuns
    probable roku neko mame elk ova pendant seize tenant volt regen lad tens inn bland vale vain vile deed tarp hum sob
    hue visas hare mast apu diverse comparable bio bent pod heel jojo mika luc hal dia dun lad solos chang ira jeb nat
    """
TOPICS = frozenset(_TOPICS.split())


# Of the commonest words, what these lists lack.
FURTHER = {
    "uk": """
    дуже мене його мій моє твій ця ці ті чому хто яка яке які ні або бо якщо щоб зі після між буде будуть можна
    треба вже тепер зараз тільки лише теж всі всього сьогодні завтра вчора знову мені тобі йому їй їм свій своя свої
    багато більше менше
    """,
    "he": """
    זו הייתה היו כמה כבר עוד מאוד יותר פחות לך רוצה יודע יודעת צריך צריכה עכשיו היום מחר אתמול טוב משהו מישהו תמיד
    פעם
    """,
    "hi": """
    मैं मुझे मेरा मेरी मेरे हम हमें हमारा हमारी तुम तुम्हें तुम्हारा आपको आपका आपकी उसका उसकी कहाँ कहां कब क्यों
    कैसे मत हाँ हां अगर सब कल बिना हूँ हूं होगा होगी गई गए करती बात कभी किसने
    """,
    "et": """
    meie teie nemad meil nende kes kus kuhu kuna millal miks kuidas ning nagu juba ainult vaga oleme olete olid
    oleks olema saab saad mitte parast enne ilma koos ule labi juures kohta praegu nuud homme eile jalle palju vahe
    rohkem keegi
    """,
    "lv": """
    vins vina vini mani tevi tev vinam vinai tavs musu jusu sis kapec loti butu nav nebija varu tagad sodien rit
    vakar tur atkal viss visi daudz maz vairak
    """,
    "lt": """
    jie tau jai musu jusu sis labai esu yra esame buvo butu nera gali galiu pries tarp dabar siandien rytoj vakar
    viskas visi daug mazai daugiau
    """,
    "tl": """
    kayo natin ninyo kasi wala meron iyan diyan kailan rin nga naman talaga ayaw pwede bukas kahapon nang
    """,
    "sw": """
    mimi wewe sisi ninyi nyinyi yako yetu yenu wangu wako wetu hii huyu huyo hawa wale hili hilo lile hapa nani wapi
    lini vipi gani ikiwa vya kabla sio ndiyo hapana hakuna kuna bado kesho jana yote zote yuko iko ziko
    """,
    "af": """
    julle hoekom oor sonder hierdie daardie vandag gister
    """,
    "hr": """
    ovaj ova ovo taj onaj tko gdje zasto dok mogu poslije sada danas sutra jucer ovdje tamo opet vise
    """,
    "sl": """
    kateri niso
    """,
    "sk": """
    kedy velmi zajtra vcera zase vela isiel isla isli
    """,
    "vi": """
    chung kia bao gio
    """,
}


def words_of(language: str) -> set[str]:
    """Return the stop words of a language in the form in which words are counted."""
    listed = [entry for entry in stopwordsiso.stopwords(language) if " " not in entry]
    words = {canonical_word(entry) for entry in [*listed, *FURTHER.get(language, "").split()]}
    return {word for word in words if word is not None and "/" not in word} - ENGLISH - TOPICS


def main() -> None:
    """Write the file."""
    lines = [f"{language} {' '.join(sorted(words_of(language)))}" for language in LANGUAGES]
    TARGET.write_text(HEAD + "\n".join(lines) + '\n"""\n', encoding="utf-8")
    print(f"{TARGET}: {len(LANGUAGES)} languages, {len(set(' '.join(lines).split()))} words")


if __name__ == "__main__":
    main()

"""How names of companies, parks and projects are compared, and how they sound.

:func:`normalise` decides whether two writings are one name. :func:`matching_key` is looser
and only ever proposes duplicates to a person. :func:`pinyin` and :func:`initials` are what
lists sort by and what people type to search.
"""

import re
import unicodedata
from functools import cache

_BLANKS = re.compile(r"[\s\u200b-\u200f\u2060\ufeff]+")
_BRACKETS = str.maketrans("[]{}【】〔〕〖〗「」『』《》〈〉<>", "()" * 10)


def normalise(name: str) -> str:
    """The form in which two writings of one name are equal.

    NFKC, without blanks and line breaks, every bracket round and half-width, case folded.
    """
    name = unicodedata.normalize("NFKC", name)
    if not name.isalnum():  # blanks or brackets; most names have none
        name = _BLANKS.sub("", name).translate(_BRACKETS)
        name = unicodedata.normalize("NFKC", name)  # what a blank kept apart
    return name.casefold()


# Longer names before those that they begin with.
_PLACE = (
    r"(?:(?:黑龙江|内蒙古|北京|天津|上海|重庆|河北|山西|辽宁|吉林|江苏|浙江|安徽|福建|江西|山东|河南"
    r"|湖北|湖南|广东|海南|四川|贵州|云南|陕西|甘肃|青海|台湾|广西|西藏|宁夏|新疆|香港|澳门"
    r"|太原|大同|阳泉|长治|晋城|朔州|晋中|运城|忻州|临汾|吕梁|盐湖|永济|河津|临猗|万荣|闻喜|稷山"
    r"|新绛|绛县|垣曲|夏县|平陆|芮城|三门峡|洛阳|郑州|西安|渭南|咸阳|深圳|广州|杭州|苏州|南京|宁波"
    r"|青岛|厦门|武汉|成都)(?:特别行政区|自治区|省|市|县|区)?|[\u4e00-\u9fff]{2,3}(?:省|市|县))"
)
_LEADING_PLACE = re.compile(_PLACE)
_TRAILING_PLACE = re.compile(_PLACE + "$")
_BRACKETED = re.compile(r"\([^()]*\)")
_COMPANY_FORM = re.compile(
    r"(?:(?:有限责任|股份有限|有限|股份|集团|控股|总|分|子)*公司|集团|控股|股份|有限合伙|合伙企业"
    r"|专业合作社|合作社|个人独资企业|co\.?,?ltd\.?|inc\.?|corp\.?|llc|ltd\.?)$"
)


def matching_key(name: str) -> str:
    """What is left of a company's name without its place and company form.

    山西恒龙储能有限公司, 恒龙储能（山西）股份有限公司 and 平陆县恒龙储能集团 all give 恒龙储能.
    Never shorter than two characters: a name that is all place and form stays whole.
    """
    whole = normalise(name)
    rest = _BRACKETED.sub("", whole)
    for shorten in (_without_forms, _without_places):
        shorter = shorten(rest)
        rest = shorter if len(shorter) >= 2 else rest
    return rest if len(rest) >= 2 else whole


# What many companies of a trade have in their names.
_TRADE = re.compile(
    r"(?:科技|技术|材料|新材料|能源|新能源|储能|光伏|风电|电力|环保|实业|产业|工业|商贸|贸易|农业|农牧|牧业"
    r"|食品|饮料|建材|建筑|建设|工程|机械|装备|设备|电子|电气|电器|信息|网络|软件|数据|制造|加工|发展"
    r"|投资|置业|地产|开发|生物|医药|制药|药业|物流|运输|化工|化学|金属|铝业|镁业|钢铁|矿业|煤业|能化"
    r"|汽车|汽配|零部件|纺织|服装|服饰|包装|印刷|旅游|文化|传媒|教育|健康|医疗|器械|管理|咨询|服务"
    r"|绿色|智能|数字|精密|高新|现代|国际|控股|集团)+$"
)


def without_trade(key: str) -> str:
    """What of a :func:`matching_key` is a company's own: 恒龙 of 恒龙储能科技.

    Never shorter than two characters: a name that is all trade stays whole.
    """
    own = _TRADE.sub("", key)
    return own if len(own) >= 2 else key


def _without_forms(name: str) -> str:
    while match := _COMPANY_FORM.search(name):
        name = name[: match.start()]
        place = _TRAILING_PLACE.search(name)  # 国机集团山西有限公司
        if place and place.start() >= 2:
            name = name[: place.start()]
    return name


def _without_places(name: str) -> str:
    while (match := _LEADING_PLACE.match(name)) and len(name) - match.end() >= 2:
        name = name[match.end() :]
    return name


def pinyin(name: str) -> str:
    """A name as it is typed in pinyin: lower case, without tones and blanks (ü is v).

    Latin letters and digits stay; other signs are left out. At most 6 letters a character.
    """
    return "".join(_syllables(name))


def initials(name: str) -> str:
    """The first letter of each character's pinyin; Latin letters and digits stay."""
    return "".join(syllable[0] for syllable in _syllables(name))


# What the phrase dictionary lacks or gives as everyday words rather than as names.
_READINGS = {
    "长": "chang", "调": "tiao", "晟": "sheng", "曾": "zeng", "缪": "miao", "覃": "qin",
    "长治": "chang zhi", "长子": "zhang zi", "洪洞": "hong tong", "解州": "hai zhou",
    "解池": "hai chi", "繁峙": "fan shi", "浚县": "xun xian", "单县": "shan xian",
    "朝阳": "chao yang", "尉犁": "yu li", "铅山": "yan shan", "歙县": "she xian",
    "盱眙": "xu yi", "郫都": "pi du", "涪陵": "fu ling", "北碚": "bei bei", "枞阳": "zong yang",
    "大埔": "da bu", "黄埔": "huang pu", "会稽": "kuai ji", "瀍河": "chan he", "乐亭": "lao ting",
    "井陉": "jing xing", "蔚县": "yu xian", "藁城": "gao cheng", "任丘": "ren qiu",
    "任县": "ren xian", "莘县": "shen xian", "莘庄": "xin zhuang", "中铁": "zhong tie",
    "重卡": "zhong ka", "重汽": "zhong qi", "重载": "zhong zai", "重组": "chong zu",
    "成长": "cheng zhang", "增长": "zeng zhang", "生长": "sheng zhang", "校长": "xiao zhang",
    "部长": "bu zhang", "董事长": "dong shi zhang",
    "行业": "hang ye", "商行": "shang hang", "车行": "che hang", "分行": "fen hang",
    "支行": "zhi hang", "农商行": "nong shang hang", "调研": "diao yan", "调度": "diao du",
    "音乐": "yin yue", "乐器": "yue qi", "便宜": "pian yi", "都会": "du hui", "首都": "shou du",
}  # fmt: skip
# Words that in names are two: 平陆县长兴食品.
_NOT_IN_NAMES = {"省长", "市长", "县长", "区长", "镇长", "乡长", "村长"}
_TONES = str.maketrans("āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜüńňǹḿ", "aaaaeeeeiiiioooouuuuvvvvvnnnm")


class _Readings:
    """Readings of single characters, and of the words in which a character reads otherwise.

    pypinyin's own segmentation takes 12 s for 100,000 names; looking up only the words that
    change a reading takes 1.4 s, and gives the same for ordinary company names.
    """

    def __init__(self) -> None:
        # Late: the dictionaries take a quarter of a second that most processes never need.
        from pypinyin.constants import PHRASES_DICT, PINYIN_DICT

        self._dictionary = PINYIN_DICT
        self.character: dict[str, str] = {}
        self.words: dict[str, tuple[str, ...]] = {}
        self.longest: dict[str, int] = {}  # by first character
        self.character.update(item for item in _READINGS.items() if len(item[0]) == 1)
        for word, readings in PHRASES_DICT.items():
            if len(word) <= 4 and len(word) == len(readings) and word not in _NOT_IN_NAMES:
                self._add(word, tuple(_toneless(reading[0]) for reading in readings))
        for word, reading in _READINGS.items():
            if len(word) > 1:
                self._add(word, tuple(reading.split()), always=True)

    def _add(self, word: str, syllables: tuple[str, ...], *, always: bool = False) -> None:
        if always or any(
            self.of(char) != syllable for char, syllable in zip(word, syllables, strict=True)
        ):
            self.words[word] = syllables
            self.longest[word[0]] = max(len(word), self.longest.get(word[0], 0))

    def of(self, char: str) -> str:
        """The usual syllable of one character, ``""`` for a sign that has none."""
        try:
            return self.character[char]
        except KeyError:
            syllable = _toneless(self._dictionary.get(ord(char), "").split(",")[0])
            if not syllable and char.isascii() and char.isalnum():
                syllable = char
            self.character[char] = syllable
            return syllable


def _toneless(reading: str) -> str:
    plain = reading.translate(_TONES)
    if plain.isascii():
        return plain
    return unicodedata.normalize("NFD", plain).encode("ascii", "ignore").decode()


@cache
def _readings() -> _Readings:
    return _Readings()


def _syllables(name: str) -> list[str]:
    readings = _readings()
    text = _BLANKS.sub("", unicodedata.normalize("NFKC", name)).lower()
    syllables: list[str] = []
    at = 0
    while at < len(text):
        for length in range(readings.longest.get(text[at], 1), 1, -1):
            word = readings.words.get(text[at : at + length])
            if word:
                syllables.extend(word)
                at += length
                break
        else:
            if syllable := readings.of(text[at]):
                syllables.append(syllable)
            at += 1
    return syllables

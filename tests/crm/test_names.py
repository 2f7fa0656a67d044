import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.names import initials, matching_key, normalise, pinyin


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("汽车新材料 产业园", "汽车新材料产业园"),
        (" 现代农业产业园\n", "现代农业产业园"),
        ("晨虹（山西）新材料科技有限公司", "晨虹(山西)新材料科技有限公司"),
        ("晨虹【山西】新材料", "晨虹〔山西〕新材料"),
        ("ＡＢＣ科技", "abc科技"),
        ("万\u3000和", "万和"),
        ("万\u200b和", "万和"),
    ],
)
def test_blanks_brackets_width_and_case_do_not_make_another_name(one, other):
    assert normalise(one) == normalise(other)


def test_other_characters_do():
    assert normalise("万和一期") != normalise("万和二期")


@given(st.text())
def test_normalising_twice_changes_nothing(name):
    assert normalise(normalise(name)) == normalise(name)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("山西恒龙储能有限公司", "恒龙储能"),
        ("恒龙储能（山西）股份有限公司", "恒龙储能"),
        ("平陆县恒龙储能集团", "恒龙储能"),
        ("山西省运城市平陆县恒龙储能有限责任公司", "恒龙储能"),
        ("恒龙储能集团有限公司", "恒龙储能"),
        ("国机集团山西有限公司", "国机"),
        ("中国铝业股份有限公司", "中国铝业"),
        ("ABC Co., Ltd.", "abc"),
    ],
)
def test_place_and_company_form_do_not_matter_for_duplicates(name, key):
    assert matching_key(name) == key


@pytest.mark.parametrize("name", ["平陆", "山西有限公司", "上海", "集团公司"])
def test_a_name_that_is_all_place_and_form_keeps_two_characters(name):
    assert len(matching_key(name)) >= 2


@pytest.mark.parametrize(
    ("name", "spelt", "letters"),
    [
        ("宁德时代", "ningdeshidai", "ndsd"),
        ("重庆长安汽车", "chongqingchanganqiche", "cqcaqc"),
        ("长治市", "changzhishi", "czs"),
        ("厦门银行", "xiamenyinhang", "xmyh"),
        ("平陆县长兴食品", "pingluxianchangxingshipin", "plxcxsp"),
        ("吕梁绿源", "lvlianglvyuan", "llly"),
        ("调峰调频储能", "tiaofengtiaopinchuneng", "tftpcn"),
        ("晨虹（山西）", "chenhongshanxi", "chsx"),
        ("3M 中国", "3mzhongguo", "3mzg"),
        ("", "", ""),
    ],
)
def test_names_are_spelt_as_people_type_them(name, spelt, letters):
    assert pinyin(name) == spelt
    assert initials(name) == letters


def test_ordinary_company_names_are_spelt_as_pypinyin_does():
    from pypinyin import lazy_pinyin

    names = [
        f"{place}{brand}{trade}股份有限公司"
        for place in ("北京", "山西", "重庆", "厦门", "成都", "三门峡")
        for brand in ("万和", "晨虹", "鑫磊", "盛源", "华骏", "博众", "同创")
        for trade in ("新材料科技", "有色金属", "汽车部件", "储能", "纺织品", "环保科技")
    ]
    assert [pinyin(name) for name in names] == ["".join(lazy_pinyin(name)) for name in names]


@given(st.text(max_size=40))
def test_any_text_can_be_spelt(name):
    spelt = pinyin(name)
    assert spelt.isascii()
    assert len(initials(name)) <= len(spelt)

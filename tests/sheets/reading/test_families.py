"""Families of nasty text tables, each made here with the outcome a careful analyst expects."""

from __future__ import annotations

import pytest

from salesops_desktop.model.errors import InputRefusedError
from salesops_desktop.sheets.reading import SheetReader

ROWS = [
    ["Opportunity ID", "Account", "Owner", "Stage", "Amount", "Close Date", "Probability"],
    ["006A0001", "Acme Corp", "Ann Lee", "Closed Won", "1234.50", "2025-03-04", "0.90"],
    ["006A0002", "Müller & Söhne", "Bob Ray", "Proposal", "98765.43", "2025-12-11", "0.50"],
    ["006A0003", "Société Générale", "Çağla Öz", "Negotiation", "-250.00", "2024-02-29", "0.25"],
    ["006A0004", 'O\'Brien, "Ltd"', "Ann Lee", "Closed Lost", "0.00", "2025-01-13", "0.00"],
]


def text_of(rows=ROWS, delimiter=",", newline="\n"):
    def field(value):
        return f'"{value.replace(chr(34), chr(34) * 2)}"' if delimiter in value or '"' in value else value

    return "".join(delimiter.join(map(field, row)) + newline for row in rows)


@pytest.fixture(scope="module")
def reader():
    with SheetReader() as reader:
        yield reader


def inspected(reader, tmp_path, content, name="table.csv"):
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return reader.inspect(path)


@pytest.mark.parametrize("delimiter", [";", "|", "^", "~", "||", "~|~", "::", " ", "#", "*", "\x1f", "\t", "\uff0c"])
def test_delimiters(tmp_path, reader, delimiter):
    found = inspected(reader, tmp_path, text_of(delimiter=delimiter))
    assert found.text.delimiter == delimiter
    assert [list(row) for row in found.main.sample] == ROWS[1:]
    assert not found.warnings


def test_fixed_widths(tmp_path, reader):
    rows = [["ID", "NAME", "AMOUNT"], ["006A0001", "Acme Corp", "1234.50"], ["006A0002", "", "98765.43"]]
    text = "".join(f"{a:<9}{b:<12}{c:>9}\n" for a, b, c in rows)
    found = inspected(reader, tmp_path, text, "table.txt").main
    assert found.headers == ("ID", "NAME", "AMOUNT")
    assert [list(row) for row in found.sample] == rows[1:]


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("Acme Corp", "Acme\x0bCorp").replace("Bob Ray", "Bob\u2028Ray"),
        lambda text: text + "\x1a",
        lambda text: text.replace("\n", "\n\n"),
        lambda text: "sep=,\n" + text,
        lambda text: "\ufeff\ufeff" + text,
        lambda text: text + "\0" * 700,
        lambda text: "# exported by CRM\n# on 2025-01-01\n" + text,
        lambda text: "Report,Pipeline,Date,2025-01-01,User,Ann,Filter\n\n" + text,
        lambda text: text.replace("Opportunity ID", "\u200bOpportunity ID\u00a0"),
        lambda text: text.replace("006A0003", "# page 2\n006A0003"),
        lambda text: text.replace("006A0003", text.partition("\n")[0] + "\n006A0003"),
        lambda text: text.replace("006A0003", "Subtotal,,,,100000.00,,\n006A0003"),
        lambda text: text.replace("006A0001", "-----,-----,-----,-----,-----,-----,-----\n006A0001"),
    ],
    ids="breaks ctrl-z blank sep boms nuls comments preamble unseen comment again subtotal ruled".split(),
)
def test_what_stands_around_and_amid_the_table_is_left_out(tmp_path, reader, change):
    found = inspected(reader, tmp_path, change(text_of())).main
    assert found.headers == tuple(ROWS[0])
    assert [row[0] for row in found.sample] == [row[0] for row in ROWS[1:]]
    assert found.data_rows == 4


def test_lines_quoted_as_a_whole(tmp_path, reader):
    plain = [[cell.replace('"', "") for cell in row] for row in ROWS[:4]]
    text = "".join('"' + ",".join(row) + '"\n' for row in plain)
    assert [list(row) for row in inspected(reader, tmp_path, text).main.sample] == plain[1:]


def test_masked_text_is_unmasked(tmp_path, reader):
    found = inspected(reader, tmp_path, 'ID,Zip,Amount\n1,="01234",5\n2,="00501",6\n').main
    assert [row[1] for row in found.sample] == ["01234", "00501"]


CZECH = "Firma;Město;Částka\nŠkoda Auto;Mladá Boleslav;1\nŽelezářství Přibyl;Plzeň;2\nČeské dráhy;Ústí nad Labem;3\n"
POLISH = "Firma;Miasto;Kwota\nŻółć Łódź;Kraków;1\nŚwięta Gęś;Wrocław;2\nPrzedsiębiorstwo Źródło;Poznań;3\n"
GREEK = "Πελάτης;Πόλη;Ποσό\nΑκρόπολη ΑΕ;Αθήνα;1\nΕλληνική Εταιρεία;Θεσσαλονίκη;2\nΝησί Τουρισμός;Ρόδος;3\n"
TURKISH = "Müşteri;Şehir;Tutar\nİstanbul Çelik;İstanbul;1\nGüneş Işık;Ankara;2\nYağmur Dağıtım;Muğla;3\n"
RUSSIAN = "Клиент;Менеджер;Сумма\nООО Ромашка;Иванов Пётр;1\nЗАО Берёзка;Сидорова Анна;2\nГазпром;Кузнецов;3\n"
HEBREW = "לקוח,עיר,סכום\nחברת הדוגמה,תל אביב,1\nמשרד המסחר,ירושלים,2\nבית העסק,חיפה,3\n"
KOREAN = "회사,담당자,금액\n주식회사 샘플,김영희,1\n한국전자,박철수,2\n서울무역,이민수,3\n"
TAIWAN = "公司,業務員,金額\n範例股份有限公司,王小明,1\n台灣電子,陳美麗,2\n臺北貿易有限公司,林志強,3\n"
CHINESE = "公司,销售,金额\n示例有限公司,王小明,1\n北京电子,陈美丽,2\n上海贸易有限公司,林志强,3\n"
JAPANESE = "会社,担当,金額\n株式会社サンプル,山田太郎,1\nテスト商事,佐藤花子,2\n東京電機,鈴木一郎,3\n"
BALTIC = "Klients;Pilsēta;Summa\nRīgas Šokolāde;Rīga;1\nĢirts un Dēli;Jūrmala;2\nŽēlsirdība;Daugavpils;3\n"
WESTERN = "Kunde;Ort;Betrag\nSociété Générale;Paris;1\nMüller;Köln;2\nÅngström;Malmö;3\n"


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        *((e, CZECH) for e in ("cp1250", "cp852", "utf-16-be", "utf-16-le", "utf-32", "utf-8-sig", "utf-7")),
        *((e, POLISH) for e in ("cp1250", "iso8859_2")),
        *((e, GREEK) for e in ("cp1253", "iso8859_7")),
        *((e, TURKISH) for e in ("cp1254", "iso8859_9")),
        *((e, RUSSIAN) for e in ("cp1251", "koi8_r", "iso8859_5", "cp866")),
        *((e, JAPANESE) for e in ("cp932", "euc_jp", "iso2022_jp", "utf-16-le")),
        *((e, CHINESE) for e in ("gbk", "gb18030")),
        *((e, WESTERN) for e in ("cp1252", "mac_roman", "iso8859_1")),
        ("cp1255", HEBREW),
        ("cp949", KOREAN),
        ("big5", TAIWAN),
        ("cp1257", BALTIC),
        ("iso8859_15", WESTERN.replace("Betrag", "Betrag in €").replace("Müller", "Œuvre à Möhl")),
    ],
)
def test_encodings(tmp_path, reader, encoding, text):
    found = inspected(reader, tmp_path, text.encode(encoding))
    mark = ";" if ";" in text else ","
    lines = [line.split(mark) for line in text.splitlines()]
    assert not found.open_questions
    assert [list(found.main.headers), *map(list, found.main.sample)] == lines


@pytest.mark.parametrize(("encoding", "text"), [("iso8859_2", CZECH), ("cp850", WESTERN)])
def test_what_two_pages_read_alike_is_asked(tmp_path, reader, encoding, text):
    """Or read right: only a silent wrong reading is a fault."""
    found = inspected(reader, tmp_path, text.encode(encoding))
    right = list(found.main.headers) == text.splitlines()[0].split(";") and found.main.sample[0][0] in text
    assert right or [question.kind for question in found.open_questions] == ["encoding"]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("Deal ID,Name,Amount\n1.23457E+17,Acme,5\n1.23457E+17,Beta,6\n", "first digits only"),
        ("ID,Share\n1,50%\n2,0.25\n3,75\n", "percent sign"),
        ("ID,Zip\n1,'01234\n2,'00501\n", "apostrophe"),
        ("ID,Name,Amount\n", "no row of data"),
        ("hello", "no row of data"),
        ("Name;Amount\n«Acme; Inc»;5\n«Beta; Ltd»;6\n", "one column"),
        ("ID,Account\n1,MÃ¼ller\n2,SociÃ©tÃ©\n", "MÃ¼ller”"),
        ("ID,Name,Amount\n1,a,10\nSubtotal,,10\n2,b,20\n", "subtotal row"),
        ("ID,Amount\n1,5\ufeff\n2,6\n", "byte order mark"),
        ("ID,Amount\n1,5,50\n2,6,25\n3,7,75\n", "without a header"),
    ],
)
def test_what_may_mislead_is_told(tmp_path, reader, text, word):
    told = " ".join(notice.what for notice in inspected(reader, tmp_path, text).warnings)
    assert word in told


@pytest.mark.parametrize(
    ("content", "word"),
    [
        ('{"a": 1, "b": [1, 2]}\n', "JSON"),
        ('[{"a": 1}]', "JSON"),
        ("BEGIN:VCARD\nFN:Ann\nEND:VCARD\n", "address card"),
        ("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 1\n", "git-lfs"),
        (b"\xef\xbb\xbf", "blank lines"),
        (b"\x07Ann Lee" + b" " * 46 + b"\x07\0" + "Ann Lee".encode("utf-16-le") + b" \0" * 47 + b" ", "lock"),
    ],
    ids=["json", "json list", "vcard", "lfs", "bom", "lock"],
)
def test_what_is_no_table_is_named(tmp_path, reader, content, word):
    with pytest.raises(InputRefusedError) as caught:
        inspected(reader, tmp_path, content)
    assert word in caught.value.what
    assert "\n" not in caught.value.sentence


@pytest.mark.parametrize(
    ("written", "iso"),
    [
        ("Tue, 04 Mar 2025", "date"),
        ("Tuesday March 4 2025", "date"),
        ("2025年3月4日", "date"),
        ("4. März 2025", "date"),
        ("04-Mar-25", "date"),
    ],
)
def test_spellings_of_dates(tmp_path, reader, written, iso):
    text = f'ID;Close Date\n1;"{written}"\n2;"{written}"\n'
    column = inspected(reader, tmp_path, text).main.columns[1]
    assert (column.kind.value, column.date_order) == (iso, "ymd")


def test_arabic_digits_are_numbers(tmp_path, reader):
    column = inspected(reader, tmp_path, "ID,Amount\n1,١٢٣٤٫٥٠\n2,٩٨٧٦٥٫٤٣\n").main.columns[1]
    assert (column.low, column.high) == (1234.5, 98765.43)

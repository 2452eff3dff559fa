import re
from pathlib import Path

import bot.neon
from bot.neon.unknowns import UNKNOWNS


def test_every_unknown_is_named_where_it_is_relied_on() -> None:
    sources = Path(bot.neon.__file__).parent.glob("*.py")
    code = "".join(source.read_text() for source in sources if source.name != "unknowns.py")
    assert set(re.findall(r"# unknowns: (\S+)", code)) == set(UNKNOWNS)

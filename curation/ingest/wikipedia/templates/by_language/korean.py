"""Names of templates of Korean wikis."""

from maslin.curation.ingest.wikipedia.templates.arguments import Table
from maslin.curation.ingest.wikipedia.templates.numbers import cjk_date
from maslin.curation.ingest.wikipedia.templates.shown import argument, block, nothing, with_original

KOREAN: Table = (
    ("llang lang2 언어", argument(2)),
    ("한자 일본어", with_original(2, 3)),
    ("출생일과_나이 출생일 사망일과_나이 사망일 시작일 날짜", cjk_date("년", "월", "일", between=" ")),
    ("임시링크 인터위키_링크", argument("lt", 1)),
    ("출처_범위 작게 크게 옛한글 한글", argument(1)),
    ("인용문 인용", block(1, "text")),
    ("출처 누가 언제 각주 국기 국기그림 설명 다른_뜻 본문", nothing),
)

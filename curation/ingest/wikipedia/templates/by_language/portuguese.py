"""Names of templates of Portuguese wikis."""

from maslin.curation.ingest.wikipedia.templates.arguments import Table
from maslin.curation.ingest.wikipedia.templates.numbers import day_month_year, quantity
from maslin.curation.ingest.wikipedia.templates.shown import argument, around, before, block, nothing

_MONTHS = (
    "janeiro", "fevereiro", "março", "abril", "maio", "junho", "julho", "agosto", "setembro", "outubro", "novembro",
    "dezembro",
)

PORTUGUESE: Table = (
    ("dtlink dtext data data_de_nascimento data_de_morte dni morte nascimento", day_month_year(_MONTHS, " de ")),
    ("fmtn fmtnum unidade", quantity),
    ("século", before("século ")),
    ("ac a.c.", around("", " a.C.")),
    ("dc d.c.", around("", " d.C.")),
    ("ilc versalete abreviatura", argument(1)),
    ("link ligação_interlínguas", argument(3, 2)),
    ("citação citação2", block(1, "texto")),
    ("língua", argument(2)),
    ("carece_de_fontes citar_web citar_livro citar_jornal citar_periódico coor bandeira âncora artigo_principal "
     "quem quando esclarecer afi nota_de_rodapé", nothing),
)

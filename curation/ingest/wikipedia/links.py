"""Links: the words they show. Files, categories and the same page in other languages show nothing."""

from collections.abc import Callable, Collection

from maslin.curation.ingest.wikipedia.sentinels import GONE

# Language editions of Wikipedia, by the prefix that links to them.
LANGUAGE_PREFIXES = frozenset("""
    aa ab ace ady af ak als alt am ami an ang ann anp ar arc ary arz as ast atj av avk awa ay az azb ba ban
    bar bat-smg bbc bcl bdr be be-tarask be-x-old bew bg bh bho bi bjn blk bm bn bo bpy br bs btm bug bxr ca
    cbk-zam cdo ce ceb ch cho chr chy ckb co cr crh cs csb cu cv cy da dag de dga din diq dsb dtp dty dv dz ee
    el eml en eo es et eu ext fa fat ff fi fiu-vro fj fo fon fr frp frr fur fy ga gag gan gcr gd gl glk gn gom
    gor got gpe gsw gu guc gur guw gv ha hak haw he hi hif ho hr hsb ht hu hy hyw hz ia iba id ie ig igl ii ik
    ilo inh io is it iu ja jam jbo jv ka kaa kab kaj kbd kbp kcg kg kge ki kj kk kl km kn knc ko koi kr krc ks
    ksh ku kus kv kw ky la lad lb lbe lez lfn lg li lij lld lmo ln lo lrc lt ltg lv lzh mad mai map-bms mdf mg
    mh mhr mi min mk ml mn mni mnw mo mr mrj ms mt mus mwl my myv mzn na nah nan nap nb nds nds-nl ne new ng
    nia nl nn no nov nqo nr nrm nso nup nv ny oc olo om or os pa pag pam pap pcd pcm pdc pdt pfl pi pih pl pms
    pnb pnt ps pt pwn qu rm rmy rn ro roa-rup roa-tara rsk ru rue rup rw sa sah sat sc scn sco sd se sg sgs sh
    shi shn shy si simple sk skr sl sm smn sn so sq sr srn ss st stq su sv sw szl szy ta tay tcy tdd te tet tg
    th ti tig tk tl tly tn to tpi tr trv ts tt tum tw ty tyv udm ug uk ur uz ve vec vep vi vls vo vro wa war
    wo wuu xal xh xmf yi yo yue za zea zgh zh zh-classical zh-cn zh-min-nan zh-tw zh-yue zu
    """.split())  # noqa: SIM905


def link_renderer(silent: Collection[str]) -> Callable[[str, str | None], str]:
    """How a link shows: its label, or its target. `silent` are lower-case names of namespaces that show nothing.

    Links to other projects (`[[voy:Paris|guide]]`) are words of their sentence, links to the page in another
    language are not; with a colon before it (`[[:fr:Paris]]`) any link is shown.
    """
    hidden = frozenset(silent) | LANGUAGE_PREFIXES

    def render(target: str, label: str | None) -> str:
        if label and ":" not in target:
            return label if label.strip() else target.split("(")[0].strip()
        colon = target.find(":")
        if colon > 0 and " ".join(target[:colon].replace("_", " ").split()).lower() in hidden:
            return GONE
        if label is None:
            return target.lstrip(": ").replace("_", " ") if colon != 0 else target[1:].strip()
        return label if label.strip() else target.split("(")[0].strip(" :")

    return render

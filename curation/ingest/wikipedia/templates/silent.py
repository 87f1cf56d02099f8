"""Templates that rightly show nothing in a sentence: footnotes, marks of maintenance, icons, coordinates, anchors.

They are not counted as lost, as a reader's sentence is whole without them.
"""

import re

from maslin.curation.ingest.wikipedia.templates.arguments import Table
from maslin.curation.ingest.wikipedia.templates.shown import nothing

SILENT: Table = (
    # Footnotes and citations.
    ("""
     sfn sfnp sfnm sfnmp sfnref snf efn efn-ua efn-lr efn-la refn notetag note reflist notelist ref r rp ref_label
     note_label refnest harvnb harvp harv harvs harvid citation cite isbn issn doi pmid pmc oclc arxiv bibcode jstor
     subscription_required subscription registration_required closed_access open_access free_access webarchive wayback
     dead_link deadlink permanent_dead_link cbignore in_lang link_note inflation-fn inflation/fn dagger double-dagger
     † ‡ ref+
     """, nothing),
    # Marks of maintenance.
    ("""
     citation_needed cn fact clarify clarification_needed who whom by_whom which when where why how what
     according_to_whom vague dubious discuss page_needed pn full_citation_needed year_needed verify_source
     verify_quote failed_verification better_source better_source_needed unreliable_source unreliable_source?
     medcn medical_citation_needed original_research_inline synthesis_inline weasel-inline weasel_inline
     peacock-inline peacock_inline pov-inline pov_statement lopsided primary_source_inline non-primary_source_needed
     self-published_inline third-party_inline relevance_inline undue_weight_inline undue-inline contradict-inline
     inconsistent ambiguous specify example_needed examples_needed definition_needed jargon-inline jargon_inline
     elucidate expand_acronym quantify clarifyme attribution_needed citation_style update_inline update_after
     needs_update qualify_evidence sentence_fragment incomprehensible_inline tone_inline editorializing long_quote
     too_many_refs tfd tfm importance-inline disputed-inline disputed_inline opinion speculation-inline buzz-inline
     """, nothing),
    # Breaks, anchors, icons, sounds, sort keys, boxes.
    ("""
     clear clear_left clear_right clr - -" anchor anchors shy wbr zwj zwnj zwsp lrm rlm 0 coordinates flagicon
     flagdeco flag_icon fbicon icon color_box colorbox colour_box legend_inline increase decrease steady gain loss
     profit up down no_change audio audio-ipa listen pronunciation respell respelling pronunciation_needed usdict
     enpr phonos hs hidden_sort_key hid ntsh dtsh sortkey displaytitle defaultsort toc_limit toc toc_right portal
     portal-inline commons-inline main see_also further short_description good_article featured_article goal
     yel sent_off eqm s-start s-end gold_medal silver_medal bronze_medal gold01 silver02 bronze03 gold1 silver2 bronze3
     """, nothing),
)

# Families of such templates, by how their names begin or end.
SILENT_FAMILIES = re.compile(
    r"(?:cite|citation|citar|citeer|cita (?:web|libro|news|pubblicazione|noticia|publicación)|infobox|ipac?-|use |"
    r"pp-|flagicon|wikisource|commons|navbox|taxobox|automatic taxobox|r from|icon-)|.{2,12} icon$"
)

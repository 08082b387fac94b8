"""How well the tagger finds a subject by its own title: leave-one-out over the whole list.

Each title is tagged as if it were a letter, and a keyword of that subject that equals the title does not count. That
shows how much the other keywords know. It does not show how letters are tagged: a title is short, and written by the
people who wrote the keywords.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from samdrift_rpa.digital_post.tagger import Tagger, stems_of

if TYPE_CHECKING:
    from samdrift_evaluation.estimate import Estimate

#: Proposals among which a subject counts as found.
FIRST_FEW = 5


def leave_one_out(tagger: Tagger) -> Mapping[str, Estimate]:
    """Figure -> share of all subjects, with Wilson's interval.

    `first` and `among_first_few`: the very number is proposed first, or among the first five. `same_group`: the first
    proposal has the same group (`dd.dd`). `nothing`: no keyword is found at all.
    """
    from samdrift_evaluation.proportions import proportion

    counted = dict.fromkeys(("first", "among_first_few", "same_group", "nothing"), 0)
    for subject in tagger.subjects:
        tags = tagger.tags(subject.title, FIRST_FEW, without=(stems_of(subject.title), subject.number))
        numbers = [tag.number for tag in tags]
        counted["first"] += numbers[:1] == [subject.number]
        counted["among_first_few"] += subject.number in numbers
        counted["same_group"] += bool(numbers) and numbers[0][:5] == subject.number[:5]
        counted["nothing"] += not numbers
    return {name: proportion(count, len(tagger.subjects)) for name, count in counted.items()}

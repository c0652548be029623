"""What the laws need to know of the kind `multi-label`."""

from tests import strategies
from tests.laws.merging import BY_NAME, KindUnderLaw, supporters

LAW = KindUnderLaw(
    kind=BY_NAME["multi-label"],
    elements=strategies.multi_label_elements(),
    as_element=lambda label, _: {"labels": label["class-names"]},
    essence=lambda element: set(element["labels"]),
    parts=lambda element: len(element["labels"]),
    accounted=lambda merged: (
        supporters([*merged.label["support-map"].values()])
        + supporters([one["support"] for one in merged.label["candidates"]])
    ),
    renamed=lambda element, names: {"labels": [names[label] for label in element["labels"]]},
    keys=("labels", "workerComment"),
)

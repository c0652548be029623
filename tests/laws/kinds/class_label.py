"""What the laws need to know of the kind `class`."""

from tests import strategies
from tests.elements import class_element, renamed_label
from tests.laws.merging import BY_NAME, KindUnderLaw

LAW = KindUnderLaw(
    kind=BY_NAME["class"],
    elements=strategies.class_elements(),
    as_element=lambda label, _: class_element(label["class-name"]),
    essence=lambda element: element["label"],
    parts=lambda _: 1,
    accounted=lambda merged: sum(merged.label["votes"].values()),
    renamed=renamed_label,
    keys=("label", "workerComment"),
)

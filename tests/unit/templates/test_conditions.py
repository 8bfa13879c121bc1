"""The condition language: what it accepts is valid minijinja, what it refuses it explains."""

import minijinja
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posthouse.core.templates.conditions import ConditionError, check_condition

WORDS = ["order", "order.total", "a.b.c", "1", "2.5", "'x'", '"y"', "true", "none", "and", "or", "not", "in", "is", "defined", "==", "!=",
         "<", ">=", "(", ")", "[", "]", ",", "|", "length", "lower", "if", "+", "x()", "__class__", "{{", "%}", "~", "1a"]  # fmt: skip


@pytest.mark.parametrize(
    "source",
    ["order.total > 100 and not customer.company", "coupon is defined and coupon.kind in ['gift', \"voucher\"]", "order.lines|length >= 2",
     "not (a or b) and c is not none", "'x' in tags", "a not in b", "not not a", "name|trim|lower == 'ann'", "a.b"],
)  # fmt: skip
def test_conditions_that_are_fine(source):
    """And minijinja reads them too."""
    check_condition(source)
    minijinja.Environment().eval_expr("true if false else (" + source + ")", a={"b": 1}, b=[], c=1, tags=[], order={"lines": [], "total": 1},
                                      name="x", customer={}, coupon={"kind": 1})  # fmt: skip


@pytest.mark.parametrize(
    ("source", "said"),
    [("a +", "'+'"), ("f()", "'('"), ("a ==", "ends there"), ("a and", "ends there"), ("", "ends there"), ("a b", "'b'"), ("(a", "')'"),
     ("a|upper|safe", "filters"), ("a is none none", "'none'"), ("a.__class__", "two underscores"), ("[a]", "text or a number"),
     ("a %} b", "letter 3"), ("'a", "'a"), ("a if b else c", "'if'"), ("loop.index", "'loop.index'"), ("a['b']", "'['")],
)  # fmt: skip
def test_conditions_that_are_refused(source, said):
    """With the word that is wrong."""
    with pytest.raises(ConditionError, match=r".") as refused:
        check_condition(source)
    assert said in str(refused.value)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=9).map(" ".join))
def test_what_is_accepted_is_an_expression_of_the_engine(source):
    """Never more than the engine reads: a condition cannot close its tag or call anything."""
    try:
        check_condition(source)
    except ConditionError:
        return
    minijinja.Environment().add_template("x", f"{{% if {source} %}}a{{% endif %}}")

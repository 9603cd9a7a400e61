"""Exported models: ``.pt2`` archives and the graphs in them."""

import copy
import json
from typing import Any

from tests.fuzz.checkpoints import CANARY, PT2
from tests.fuzz.values import (
    SIZES,
    TEXTS,
    Chance,
    Files,
    edit_json,
    hostile,
    json_bytes,
    to_json,
)
from tests.fuzz.zips import Member, mutate_members, read_members, write_members


def mutate_archive(files: Files, chance: Chance) -> Files:
    """Return a ``.pt2`` file whose archive is not as it should be."""
    members = read_members(files[PT2])
    match chance.randrange(12):
        case 0:  # Many names for one place in the file.
            large = Member(b"m/data/weights/weight_9", bytes(5 << 20))
            again = [
                Member(b"m/data/weights/weight_%d" % number, b"", same_as=len(members), size=5 << 20)
                for number in range(10, 10 + chance.choice([1, 400]))
            ]
            return {**files, PT2: write_members([*members, large, *map(_like(large), again)])}
        case 1:  # The same name again and again.
            large = Member(b"m/data/weights/weight_9", bytes(5 << 20))
            same = [
                Member(large.name, b"", same_as=len(members)) for _ in range(chance.choice([1, 400]))
            ]
            return {**files, PT2: write_members([*members, large, *map(_like(large), same)])}
        case 2:
            names = (
                b"extra/x",
                b"data/constants/custom_obj_0",
                b"data/weights/weight_0.pt",
                b"../x",
                b"code/x.py",
            )
            members.append(Member(b"m/" + chance.choice(names), chance.randbytes(20)))
    return {**files, PT2: mutate_members(members, chance)}


def _like(large: Member) -> Any:  # noqa: ANN401
    def alike(member: Member) -> Member:
        return Member(member.name, large.content, same_as=member.same_as)

    return alike


_ENUM = {"__enum__": True, "fqn": f"{CANARY}:NannyNag", "name": "A"}
_SPECS: tuple[Any, ...] = (
    {
        "type": "collections.defaultdict",
        "context": {
            "default_factory_module": CANARY,
            "default_factory_name": "check",
            "dict_context": [],
        },
        "children_spec": [],
    },
    {"type": "builtins.dict", "context": json.dumps([_ENUM]), "children_spec": []},
    {"type": "builtins.tuple", "context": json.dumps({"a": _ENUM}), "children_spec": []},
    {"type": "collections.OrderedDict", "context": json.dumps([_ENUM]), "children_spec": []},
    {"type": "collections.OrderedDict", "context": json.dumps(["a"]), "children_spec": []},
    {
        "type": "collections.namedtuple",
        "context": json.dumps({"class_name": CANARY, "fields": []}),
        "children_spec": [],
    },
    {"type": "collections.deque", "context": json.dumps(1 << 40), "children_spec": []},
    {"type": "torch.Size", "context": "null", "children_spec": []},
    {"type": "builtins.tuple", "context": "null", "children_spec": []},
    {"type": None, "context": None, "children_spec": []},
)
_OPERATIONS = tuple(
    (
        "aten.empty.memory_format aten.empty_like.default aten.new_empty.default "
        "aten.empty_strided.default aten._sparse_coo_tensor_unsafe.default "
        "aten.sparse_coo_tensor.indices aten._to_dense.default aten.to_sparse.default "
        "aten.resize_.default aten.set_.source_Tensor aten.as_strided.default aten.rand.default "
        "aten.rand_like.default aten.bernoulli.default aten.dropout.default "
        "aten.native_dropout.default "
        "aten.quantize_per_tensor.default aten.item.default aten.nonzero.default "
        "aten._local_scalar_dense.default aten.from_file.default aten.batch_norm.default "
        "aten.sum.dim_IntList aten.mean.dim aten.softmax.int aten.sort.default aten.full.default "
        "aten.arange.default aten.repeat_interleave.self_int aten.index.Tensor "
        "aten.embedding_bag.default aten.expand.default aten.view.default aten.cumsum.default "
        "aten.flip.default aten.roll.default aten.bitwise_and.Tensor prims.device_put.default "
        "higher_order.cond higher_order.while_loop fbgemm.x.default aten.relu.default "
        "aten.constant_pad_nd.default aten.upsample_nearest2d.vec aten.max_pool2d.default "
        "aten.reshape.default"
    ).split()
)
_TARGETS = (
    *(f"torch.ops.{name}" for name in _OPERATIONS),
    "torch.sym_max",
    "_operator.getitem",
    "_operator.pow",
    "math.ceil",
    "os.system",
    "builtins.eval",
    "torch.os.system",
    "torch.ops.aten.relu",
    "torch.ops.aten.relu.default.x",
    "",
)
_EXPRESSIONS = (
    "2**2**2**2**30",
    "Symbol('s0', positive=True)",
    "__import__('os')",
    "s0" + " + s0" * 2000,
    "Pow(9, Pow(9, 99))",
    "(lambda: 0)()",
    "[x for x in ()]",
    "9" * 4000,
    "Max(s0, 1)",
    "s0 * 9" * 1,
    "factorial(10**9)",
    "(" * 200 + ")" * 200,
)


def mutate_graph(files: Files, chance: Chance) -> Files:
    """Return a ``.pt2`` file whose graph, specifications or list of weights is another."""
    members = read_members(files[PT2])
    documents = [n for n, member in enumerate(members) if member.name.endswith(b".json")]
    graphs = [n for n in documents if b"/models/" in members[n].name]
    at = chance.choice(graphs if chance.random() < 0.75 else documents)
    document = json.loads(members[at].content)
    if at in graphs:
        for _ in range(chance.choice([1, 1, 1, 2])):
            _edit_graph(document, chance)
    else:
        document = edit_json(document, chance)
    members[at] = Member(members[at].name, json_bytes(document, chance))
    return {**files, PT2: write_members(members)}


def _edit_graph(document: dict[str, Any], chance: Chance) -> None:
    module = document["graph_module"]
    graph = module["graph"]
    nodes = graph["nodes"]
    match chance.randrange(16):
        case 0 | 1:
            node = chance.choice(nodes)
            node["target"] = chance.choice(_TARGETS)
        case 2 | 3 | 4:
            _insert_node(graph, chance)
        case 5 | 6 | 7:
            calls = module.get("module_call_graph") or [{}]
            signature = calls[0].get("signature") if isinstance(calls[0], dict) else None
            if isinstance(signature, dict):
                which = chance.choice(["in_spec", "out_spec"])
                signature[which] = _specification(signature[which], chance)
        case 8:
            document["guards_code"] = [f"__import__('{CANARY}')"]
        case 9 if chance.random() < 0.6:
            symbols = {"as_expr": {"expr_str": chance.choice(_EXPRESSIONS), "hint": {"as_int": 4}}}
            value = graph["tensor_values"][chance.choice(list(graph["tensor_values"]))]
            if value.get("sizes"):
                value["sizes"][chance.randrange(len(value["sizes"]))] = symbols
        case 9:
            values = graph["tensor_values"][chance.choice(list(graph["tensor_values"]))]
            values[chance.choice(list(values))] = hostile(chance)
        case 10:
            node = chance.choice(nodes)
            given = chance.choice(node["inputs"])
            given["arg"] = chance.choice(_arguments(graph, chance))
        case 11:
            del nodes[chance.randrange(len(nodes))]
        case 12:
            node = chance.choice(nodes)
            node["metadata"] = {"stack_trace": hostile(chance), "nn_module_stack": f"a,b,{CANARY}.C"}
        case 13:
            document["range_constraints"] = {
                "s77": {"min_val": hostile(chance), "max_val": hostile(chance)}
            }
        case 14:
            signature = module["signature"]
            signature[chance.choice(list(signature))] = hostile(chance)
        case _:
            changed = edit_json(document, chance, edits=1)
            if isinstance(changed, dict):
                document.clear()
                document.update(changed)
                document.setdefault("graph_module", module)


def _specification(before: str, chance: Chance) -> str:
    """Return how inputs or outputs are said to be nested, with a part of it replaced or wrapped."""
    if chance.random() < 0.05:
        return chance.choice(TEXTS)
    version, tree = json.loads(before)
    node = tree
    while node["children_spec"] and chance.random() < 0.6:
        node = chance.choice(node["children_spec"])
    if chance.random() < 0.15:
        return to_json([version, edit_json(tree, chance)]).decode()
    put = {**chance.choice([_SPECS[0], _SPECS[0], *_SPECS])}
    put["children_spec"] = chance.choice([[dict(node)], node["children_spec"], []])
    node.update(put)
    return json.dumps([version, tree])


def _insert_node(graph: dict[str, Any], chance: Chance) -> None:
    """Insert an operation whose result the next one takes in the place of what it took."""
    nodes = graph["nodes"]
    at = chance.randrange(len(nodes))
    taken = [
        given
        for given in nodes[at]["inputs"]
        if isinstance(given.get("arg"), dict) and "as_tensor" in given["arg"]
    ]
    if not taken:
        return
    given = taken[0]
    source = given["arg"]["as_tensor"]["name"]
    target = f"torch.ops.{chance.choice(_OPERATIONS)}"
    made = f"inserted_{len(nodes)}"
    inputs: list[dict[str, Any]] = [{"name": "self", "arg": {"as_tensor": {"name": source}}, "kind": 1}]
    if "empty.memory_format" in target or "rand.default" in target:
        inputs = [{"name": "size", "arg": {"as_ints": [4, 4]}, "kind": 1}]
    elif "sparse_coo" in target:
        inputs = [
            {"name": name, "arg": {"as_tensor": {"name": source}}, "kind": 1}
            for name in ("indices", "values")
        ] + [{"name": "size", "arg": {"as_ints": [4, chance.choice([4, 1 << 40])]}, "kind": 1}]
    elif chance.random() < 0.5:
        inputs += [
            {
                "name": name,
                "arg": chance.choice(_arguments(graph, chance)),
                "kind": chance.choice([1, 2]),
            }
            for name in chance.sample(["dim", "size", "other", "keepdim", "dtype", "p", "weight"], 2)
        ]
    nodes.insert(
        at,
        {
            "target": target,
            "inputs": inputs,
            "outputs": [{"as_tensor": {"name": made}}],
            "metadata": {},
            "is_hop_single_tensor_return": None,
            "name": made,
        },
    )
    graph["tensor_values"][made] = graph["tensor_values"].get(
        source, next(iter(graph["tensor_values"].values()))
    )
    given["arg"] = {"as_tensor": {"name": made}}


def _arguments(graph: dict[str, Any], chance: Chance) -> list[dict[str, Any]]:
    return [
        {"as_int": chance.choice([*SIZES, -1, -5])},
        {"as_ints": [chance.choice([*SIZES, -1]) for _ in range(chance.choice([1, 2, 4]))]},
        {"as_float": chance.choice([0.0, 1e308, "NaN", "Infinity"])},
        {"as_bool": chance.choice([True, False])},
        {"as_none": True},
        {"as_string": chance.choice(TEXTS)},
        {"as_scalar_type": chance.choice([1, 5, 7, 8, 9, 12, 13, 99])},
        {"as_layout": chance.choice([1, 2, 7])},
        {"as_device": {"type": chance.choice(["cpu", "cuda", "meta", "x"]), "index": None}},
        {"as_memory_format": chance.choice([1, 2, 99])},
        {"as_tensor": {"name": chance.choice([*graph["tensor_values"], "nowhere"])}},
        {"as_tensors": [{"name": name} for name in list(graph["tensor_values"])[:2]]},
        {"as_sym_int": {"as_name": chance.choice(["s77", "sym_size_int", "nowhere"])}},
        {"as_operator": chance.choice(_TARGETS)},
        {"as_custom_obj": {"name": "x", "class_fqn": CANARY}},
        {"as_graph": {"name": "g", "graph": copy.deepcopy(graph)}}
        if chance.random() < 0.02
        else {"as_int": 1},
        {"as_expr": {"expr_str": chance.choice(_EXPRESSIONS), "hint": None}},
        {"as_complex": {"real": 1.0, "imag": 1.0}},
    ]

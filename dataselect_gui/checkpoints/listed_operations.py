"""The operations that a ``.pt2`` graph may be made of, each audited, in PyTorch's own signatures.

What is not here is refused: whatever begins with an underscore, draws, resizes, is sparse or quantised,
leaves memory as it found it, or reads a number to decide what to do. Nor are there operations whose
kernel or gradient looks at all numbers of a batch to choose how it computes: ``prod`` counts zeros.
Each stands in one group, which says how it treats the axes of its input.
"""

POINTWISE = """
abs.default(Tensor self) -> Tensor
neg.default(Tensor self) -> Tensor
exp.default(Tensor self) -> Tensor
expm1.default(Tensor self) -> Tensor
log.default(Tensor self) -> Tensor
log1p.default(Tensor self) -> Tensor
log2.default(Tensor self) -> Tensor
sqrt.default(Tensor self) -> Tensor
rsqrt.default(Tensor self) -> Tensor
square.default(Tensor self) -> Tensor
reciprocal.default(Tensor self) -> Tensor
sign.default(Tensor self) -> Tensor
floor.default(Tensor self) -> Tensor
ceil.default(Tensor self) -> Tensor
round.default(Tensor self) -> Tensor
trunc.default(Tensor self) -> Tensor
erf.default(Tensor self) -> Tensor
relu.default(Tensor self) -> Tensor
relu_.default(Tensor(a!) self) -> Tensor(a!)
relu6.default(Tensor self) -> Tensor
relu6_.default(Tensor(a!) self) -> Tensor(a!)
gelu.default(Tensor self, *, str approximate="none") -> Tensor
silu.default(Tensor self) -> Tensor
silu_.default(Tensor(a!) self) -> Tensor(a!)
sigmoid.default(Tensor self) -> Tensor
sigmoid_.default(Tensor(a!) self) -> Tensor(a!)
tanh.default(Tensor self) -> Tensor
tanh_.default(Tensor(a!) self) -> Tensor(a!)
hardtanh.default(Tensor self, Scalar min_val=-1, Scalar max_val=1) -> Tensor
hardtanh_.default(Tensor(a!) self, Scalar min_val=-1, Scalar max_val=1) -> Tensor(a!)
hardswish.default(Tensor self) -> Tensor
hardswish_.default(Tensor(a!) self) -> Tensor(a!)
hardsigmoid.default(Tensor self) -> Tensor
hardsigmoid_.default(Tensor(a!) self) -> Tensor(a!)
leaky_relu.default(Tensor self, Scalar negative_slope=0.01) -> Tensor
leaky_relu_.default(Tensor(a!) self, Scalar negative_slope=0.01) -> Tensor(a!)
elu.default(Tensor self, Scalar alpha=1, Scalar scale=1, Scalar input_scale=1) -> Tensor
elu_.default(Tensor(a!) self, Scalar alpha=1, Scalar scale=1, Scalar input_scale=1) -> Tensor(a!)
selu.default(Tensor self) -> Tensor
selu_.default(Tensor(a!) self) -> Tensor(a!)
celu.default(Tensor self, Scalar alpha=1.) -> Tensor
softplus.default(Tensor self, Scalar beta=1, Scalar threshold=20) -> Tensor
mish.default(Tensor self) -> Tensor
mish_.default(Tensor(a!) self) -> Tensor(a!)
log_sigmoid.default(Tensor self) -> Tensor
threshold.default(Tensor self, Scalar threshold, Scalar value) -> Tensor
clamp.default(Tensor self, Scalar? min=None, Scalar? max=None) -> Tensor
clamp_.default(Tensor(a!) self, Scalar? min=None, Scalar? max=None) -> Tensor(a!)
clamp_min.default(Tensor self, Scalar min) -> Tensor
clamp_min_.default(Tensor(a!) self, Scalar min) -> Tensor(a!)
clamp_max.default(Tensor self, Scalar max) -> Tensor
clamp_max_.default(Tensor(a!) self, Scalar max) -> Tensor(a!)
nan_to_num.default(Tensor self, float? nan=None, float? posinf=None, float? neginf=None) -> Tensor
add.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor
add_.Tensor(Tensor(a!) self, Tensor other, *, Scalar alpha=1) -> Tensor(a!)
add.Scalar(Tensor self, Scalar other, Scalar alpha=1) -> Tensor
sub.Tensor(Tensor self, Tensor other, *, Scalar alpha=1) -> Tensor
sub_.Tensor(Tensor(a!) self, Tensor other, *, Scalar alpha=1) -> Tensor(a!)
sub.Scalar(Tensor self, Scalar other, Scalar alpha=1) -> Tensor
rsub.Scalar(Tensor self, Scalar other, Scalar alpha=1) -> Tensor
mul.Tensor(Tensor self, Tensor other) -> Tensor
mul_.Tensor(Tensor(a!) self, Tensor other) -> Tensor(a!)
mul.Scalar(Tensor self, Scalar other) -> Tensor
div.Tensor(Tensor self, Tensor other) -> Tensor
div_.Tensor(Tensor(a!) self, Tensor other) -> Tensor(a!)
div.Scalar(Tensor self, Scalar other) -> Tensor
addcmul.default(Tensor self, Tensor tensor1, Tensor tensor2, *, Scalar value=1) -> Tensor
pow.Tensor_Scalar(Tensor self, Scalar exponent) -> Tensor
pow.Tensor_Tensor(Tensor self, Tensor exponent) -> Tensor
pow.Scalar(Scalar self, Tensor exponent) -> Tensor
eq.Scalar(Tensor self, Scalar other) -> Tensor
eq.Tensor(Tensor self, Tensor other) -> Tensor
ne.Scalar(Tensor self, Scalar other) -> Tensor
ne.Tensor(Tensor self, Tensor other) -> Tensor
lt.Scalar(Tensor self, Scalar other) -> Tensor
lt.Tensor(Tensor self, Tensor other) -> Tensor
le.Scalar(Tensor self, Scalar other) -> Tensor
le.Tensor(Tensor self, Tensor other) -> Tensor
gt.Scalar(Tensor self, Scalar other) -> Tensor
gt.Tensor(Tensor self, Tensor other) -> Tensor
ge.Scalar(Tensor self, Scalar other) -> Tensor
ge.Tensor(Tensor self, Tensor other) -> Tensor
minimum.default(Tensor self, Tensor other) -> Tensor
maximum.default(Tensor self, Tensor other) -> Tensor
min.other(Tensor self, Tensor other) -> Tensor
max.other(Tensor self, Tensor other) -> Tensor
logical_not.default(Tensor self) -> Tensor
logical_and.default(Tensor self, Tensor other) -> Tensor
logical_or.default(Tensor self, Tensor other) -> Tensor
bitwise_not.default(Tensor self) -> Tensor
bitwise_and.Tensor(Tensor self, Tensor other) -> Tensor
bitwise_or.Tensor(Tensor self, Tensor other) -> Tensor
__and__.Tensor(Tensor self, Tensor other) -> Tensor
__or__.Tensor(Tensor self, Tensor other) -> Tensor
isnan.default(Tensor self) -> Tensor
isinf.default(Tensor self) -> Tensor
masked_fill.Scalar(Tensor self, Tensor mask, Scalar value) -> Tensor
masked_fill_.Scalar(Tensor(a!) self, Tensor mask, Scalar value) -> Tensor(a!)
masked_fill.Tensor(Tensor self, Tensor mask, Tensor value) -> Tensor
where.self(Tensor condition, Tensor self, Tensor other) -> Tensor
where.ScalarOther(Tensor condition, Tensor self, Scalar other) -> Tensor
where.ScalarSelf(Tensor condition, Scalar self, Tensor other) -> Tensor
where.Scalar(Tensor condition, Scalar self, Scalar other) -> Tensor
clone.default(Tensor self, *, MemoryFormat? memory_format=None) -> Tensor
contiguous.default(Tensor(a) self, *, MemoryFormat memory_format=0) -> Tensor(a)
detach.default(Tensor(a) self) -> Tensor(a)
detach_.default(Tensor(a!) self) -> Tensor(a!)
alias.default(Tensor(a) self) -> Tensor(a)
lift_fresh_copy.default(Tensor self) -> Tensor
dropout.default(Tensor input, float p, bool train) -> Tensor
dropout_.default(Tensor(a!) self, float p, bool train) -> Tensor(a!)
to.dtype(Tensor(a) self, ScalarType dtype, bool non_blocking=False, bool copy=False, MemoryFormat?
    memory_format=None) -> Tensor(a)
to.device(Tensor(a) self, Device device, ScalarType dtype, bool non_blocking=False, bool copy=False,
    MemoryFormat? memory_format=None) -> Tensor(a)
to.dtype_layout(Tensor(a) self, *, ScalarType? dtype=None, Layout? layout=None, Device? device=None,
    bool? pin_memory=None, bool non_blocking=False, bool copy=False, MemoryFormat?
    memory_format=None) -> Tensor(a)
zeros_like.default(Tensor self, *, ScalarType? dtype=None, Layout? layout=None, Device? device=None,
    bool? pin_memory=None, MemoryFormat? memory_format=None) -> Tensor
ones_like.default(Tensor self, *, ScalarType? dtype=None, Layout? layout=None, Device? device=None,
    bool? pin_memory=None, MemoryFormat? memory_format=None) -> Tensor
full_like.default(Tensor self, Scalar fill_value, *, ScalarType? dtype=None, Layout? layout=None,
    Device? device=None, bool? pin_memory=None, MemoryFormat? memory_format=None) -> Tensor
zero_.default(Tensor(a!) self) -> Tensor(a!)
fill_.Scalar(Tensor(a!) self, Scalar value) -> Tensor(a!)
fill_.Tensor(Tensor(a!) self, Tensor value) -> Tensor(a!)
copy_.default(Tensor(a!) self, Tensor src, bool non_blocking=False) -> Tensor(a!)
"""
"""Each number of the result comes from those at the same place, broadcast."""

SAMPLES = """
conv1d.default(Tensor input, Tensor weight, Tensor? bias=None, SymInt[1] stride=[1], SymInt[1]
    padding=[0], SymInt[1] dilation=[1], SymInt groups=1) -> Tensor
conv1d.padding(Tensor input, Tensor weight, Tensor? bias=None, SymInt[1] stride=[1], str
    padding="valid", SymInt[1] dilation=[1], SymInt groups=1) -> Tensor
conv2d.default(Tensor input, Tensor weight, Tensor? bias=None, SymInt[2] stride=[1, 1], SymInt[2]
    padding=[0, 0], SymInt[2] dilation=[1, 1], SymInt groups=1) -> Tensor
conv2d.padding(Tensor input, Tensor weight, Tensor? bias=None, SymInt[2] stride=[1, 1], str
    padding="valid", SymInt[2] dilation=[1, 1], SymInt groups=1) -> Tensor
conv3d.default(Tensor input, Tensor weight, Tensor? bias=None, SymInt[3] stride=[1, 1, 1], SymInt[3]
    padding=[0, 0, 0], SymInt[3] dilation=[1, 1, 1], SymInt groups=1) -> Tensor
conv3d.padding(Tensor input, Tensor weight, Tensor? bias=None, SymInt[3] stride=[1, 1, 1], str
    padding="valid", SymInt[3] dilation=[1, 1, 1], SymInt groups=1) -> Tensor
conv_transpose1d.default(Tensor input, Tensor weight, Tensor? bias=None, SymInt[1] stride=[1],
    SymInt[1] padding=[0], SymInt[1] output_padding=[0], SymInt groups=1, SymInt[1] dilation=[1]) ->
    Tensor
conv_transpose2d.input(Tensor input, Tensor weight, Tensor? bias=None, SymInt[2] stride=[1, 1],
    SymInt[2] padding=[0, 0], SymInt[2] output_padding=[0, 0], SymInt groups=1, SymInt[2]
    dilation=[1, 1]) -> Tensor
conv_transpose3d.input(Tensor input, Tensor weight, Tensor? bias=None, SymInt[3] stride=[1, 1, 1],
    SymInt[3] padding=[0, 0, 0], SymInt[3] output_padding=[0, 0, 0], SymInt groups=1, SymInt[3]
    dilation=[1, 1, 1]) -> Tensor
max_pool1d.default(Tensor self, int[1] kernel_size, int[1] stride=[], int[1] padding=[0], int[1]
    dilation=[1], bool ceil_mode=False) -> Tensor
max_pool2d.default(Tensor self, int[2] kernel_size, int[2] stride=[], int[2] padding=0, int[2]
    dilation=1, bool ceil_mode=False) -> Tensor
max_pool3d.default(Tensor self, int[3] kernel_size, int[3] stride=[], int[3] padding=0, int[3]
    dilation=1, bool ceil_mode=False) -> Tensor
avg_pool1d.default(Tensor self, int[1] kernel_size, int[1] stride=[], int[1] padding=[0], bool
    ceil_mode=False, bool count_include_pad=True) -> Tensor
avg_pool2d.default(Tensor self, int[2] kernel_size, int[2] stride=[], int[2] padding=0, bool
    ceil_mode=False, bool count_include_pad=True, int? divisor_override=None) -> Tensor
avg_pool3d.default(Tensor self, int[3] kernel_size, int[3] stride=[], int[3] padding=0, bool
    ceil_mode=False, bool count_include_pad=True, int? divisor_override=None) -> Tensor
adaptive_avg_pool1d.default(Tensor self, int[1] output_size) -> Tensor
adaptive_avg_pool2d.default(Tensor self, SymInt[2] output_size) -> Tensor
adaptive_avg_pool3d.default(Tensor self, SymInt[3] output_size) -> Tensor
upsample_nearest1d.vec(Tensor input, SymInt[]? output_size, float[]? scale_factors) -> Tensor
upsample_nearest2d.vec(Tensor input, SymInt[]? output_size, float[]? scale_factors) -> Tensor
upsample_nearest3d.vec(Tensor input, SymInt[]? output_size, float[]? scale_factors) -> Tensor
upsample_linear1d.vec(Tensor input, SymInt[]? output_size, bool align_corners, float[]?
    scale_factors) -> Tensor
upsample_bilinear2d.vec(Tensor input, SymInt[]? output_size, bool align_corners, float[]?
    scale_factors) -> Tensor
upsample_trilinear3d.vec(Tensor input, SymInt[]? output_size, bool align_corners, float[]?
    scale_factors) -> Tensor
upsample_bicubic2d.vec(Tensor input, SymInt[]? output_size, bool align_corners, float[]?
    scale_factors) -> Tensor
im2col.default(Tensor self, int[2] kernel_size, int[2] dilation, int[2] padding, int[2] stride) ->
    Tensor
col2im.default(Tensor self, SymInt[2] output_size, int[2] kernel_size, int[2] dilation, int[2]
    padding, int[2] stride) -> Tensor
batch_norm.default(Tensor input, Tensor? weight, Tensor? bias, Tensor? running_mean, Tensor?
    running_var, bool training, float momentum, float eps, bool cudnn_enabled) -> Tensor
group_norm.default(Tensor input, int num_groups, Tensor? weight=None, Tensor? bias=None, float
    eps=1.0000000000000001e-05, bool cudnn_enabled=True) -> Tensor
instance_norm.default(Tensor input, Tensor? weight, Tensor? bias, Tensor? running_mean, Tensor?
    running_var, bool use_input_stats, float momentum, float eps, bool cudnn_enabled) -> Tensor
prelu.default(Tensor self, Tensor weight) -> Tensor
"""
"""The first axis of the input counts samples, and each is treated by itself."""

TRAILING = """
linear.default(Tensor input, Tensor weight, Tensor? bias=None) -> Tensor
layer_norm.default(Tensor input, SymInt[] normalized_shape, Tensor? weight=None, Tensor? bias=None,
    float eps=1.0000000000000001e-05, bool cudnn_enable=True) -> Tensor
rms_norm.default(Tensor input, SymInt[] normalized_shape, Tensor? weight=None, float? eps=None) ->
    Tensor
embedding.default(Tensor weight, Tensor indices, SymInt padding_idx=-1, bool
    scale_grad_by_freq=False, bool sparse=False) -> Tensor
pixel_shuffle.default(Tensor self, int upscale_factor) -> Tensor
pixel_unshuffle.default(Tensor self, int downscale_factor) -> Tensor
tril.default(Tensor self, SymInt diagonal=0) -> Tensor
triu.default(Tensor self, SymInt diagonal=0) -> Tensor
pad.default(Tensor self, SymInt[] pad, str mode="constant", float? value=None) -> Tensor
constant_pad_nd.default(Tensor self, SymInt[] pad, Scalar value=0) -> Tensor
"""
"""The last axes alone are looked at together."""

ALONG = """
sum.dim_IntList(Tensor self, int[1]? dim, bool keepdim=False, *, ScalarType? dtype=None) -> Tensor
mean.dim(Tensor self, int[1]? dim, bool keepdim=False, *, ScalarType? dtype=None) -> Tensor
amax.default(Tensor self, int[1] dim=[], bool keepdim=False) -> Tensor
amin.default(Tensor self, int[1] dim=[], bool keepdim=False) -> Tensor
max.dim(Tensor self, int dim, bool keepdim=False) -> (Tensor values, Tensor indices)
min.dim(Tensor self, int dim, bool keepdim=False) -> (Tensor values, Tensor indices)
argmax.default(Tensor self, int? dim=None, bool keepdim=False) -> Tensor
argmin.default(Tensor self, int? dim=None, bool keepdim=False) -> Tensor
var.correction(Tensor self, int[1]? dim=None, *, Scalar? correction=None, bool keepdim=False) ->
    Tensor
var.dim(Tensor self, int[1]? dim, bool unbiased=True, bool keepdim=False) -> Tensor
std.correction(Tensor self, int[1]? dim=None, *, Scalar? correction=None, bool keepdim=False) ->
    Tensor
std.dim(Tensor self, int[1]? dim, bool unbiased=True, bool keepdim=False) -> Tensor
logsumexp.default(Tensor self, int[1] dim, bool keepdim=False) -> Tensor
softmax.int(Tensor self, int dim, ScalarType? dtype=None) -> Tensor
log_softmax.int(Tensor self, int dim, ScalarType? dtype=None) -> Tensor
cumsum.default(Tensor self, int dim, *, ScalarType? dtype=None) -> Tensor
linalg_vector_norm.default(Tensor self, Scalar ord=2, int[1]? dim=None, bool keepdim=False, *,
    ScalarType? dtype=None) -> Tensor
any.dim(Tensor self, int dim, bool keepdim=False) -> Tensor
all.dim(Tensor self, int dim, bool keepdim=False) -> Tensor
glu.default(Tensor self, int dim=-1) -> Tensor
flip.default(Tensor self, int[] dims) -> Tensor
roll.default(Tensor self, SymInt[1] shifts, int[1] dims=[]) -> Tensor
transpose.int(Tensor(a) self, int dim0, int dim1) -> Tensor(a)
swapaxes.default(Tensor(a) self, int axis0, int axis1) -> Tensor(a)
permute.default(Tensor(a) self, int[] dims) -> Tensor(a)
movedim.int(Tensor(a) self, int source, int destination) -> Tensor(a)
movedim.intlist(Tensor(a) self, int[] source, int[] destination) -> Tensor(a)
squeeze.dim(Tensor(a) self, int dim) -> Tensor(a)
squeeze.dims(Tensor(a) self, int[] dim) -> Tensor(a)
unsqueeze.default(Tensor(a) self, int dim) -> Tensor(a)
select.int(Tensor(a) self, int dim, SymInt index) -> Tensor(a)
slice.Tensor(Tensor(a) self, int dim=0, SymInt? start=None, SymInt? end=None, SymInt step=1) ->
    Tensor(a)
split.Tensor(Tensor(a -> *) self, SymInt split_size, int dim=0) -> Tensor(a)[]
split_with_sizes.default(Tensor(a -> *) self, SymInt[] split_sizes, int dim=0) -> Tensor(a)[]
chunk.default(Tensor(a -> *) self, int chunks, int dim=0) -> Tensor(a)[]
unbind.int(Tensor(a -> *) self, int dim=0) -> Tensor(a)[]
narrow.default(Tensor(a) self, int dim, SymInt start, SymInt length) -> Tensor(a)
repeat_interleave.self_int(Tensor self, SymInt repeats, int? dim=None, *, SymInt? output_size=None)
    -> Tensor
unfold.default(Tensor(a) self, int dimension, int size, int step) -> Tensor(a)
index_select.default(Tensor self, int dim, Tensor index) -> Tensor
"""
"""The axes that are named are looked at together, or moved."""

OTHERS = """
sum.default(Tensor self, *, ScalarType? dtype=None) -> Tensor
mean.default(Tensor self, *, ScalarType? dtype=None) -> Tensor
max.default(Tensor self) -> Tensor
min.default(Tensor self) -> Tensor
any.default(Tensor self) -> Tensor
all.default(Tensor self) -> Tensor
t.default(Tensor(a) self) -> Tensor(a)
numpy_T.default(Tensor(a) self) -> Tensor(a)
mT.default(Tensor(a) self) -> Tensor(a)
mH.default(Tensor(a) self) -> Tensor(a)
matrix_H.default(Tensor(a) self) -> Tensor(a)
adjoint.default(Tensor(a) self) -> Tensor(a)
squeeze.default(Tensor(a) self) -> Tensor(a)
sin.default(Tensor self) -> Tensor
cos.default(Tensor self) -> Tensor
view.default(Tensor(a) self, SymInt[] size) -> Tensor(a)
reshape.default(Tensor(a) self, SymInt[] shape) -> Tensor(a)
flatten.using_ints(Tensor(a) self, int start_dim=0, int end_dim=-1) -> Tensor(a)
unflatten.int(Tensor(a) self, int dim, SymInt[] sizes) -> Tensor(a)
view_as.default(Tensor(a) self, Tensor other) -> Tensor(a)
reshape_as.default(Tensor(a) self, Tensor other) -> Tensor(a)
expand.default(Tensor(a) self, SymInt[] size, *, bool implicit=False) -> Tensor(a)
expand_as.default(Tensor(a) self, Tensor other) -> Tensor(a)
broadcast_to.default(Tensor(a) self, SymInt[] size) -> Tensor(a)
repeat.default(Tensor self, SymInt[] repeats) -> Tensor
type_as.default(Tensor self, Tensor other) -> Tensor
to.other(Tensor(a) self, Tensor other, bool non_blocking=False, bool copy=False, MemoryFormat?
    memory_format=None) -> Tensor(a)
cat.default(Tensor[] tensors, int dim=0) -> Tensor
stack.default(Tensor[] tensors, int dim=0) -> Tensor
gather.default(Tensor self, int dim, Tensor index, *, bool sparse_grad=False) -> Tensor
index.Tensor(Tensor self, Tensor?[] indices) -> Tensor
matmul.default(Tensor self, Tensor other) -> Tensor
mm.default(Tensor self, Tensor mat2) -> Tensor
bmm.default(Tensor self, Tensor mat2) -> Tensor
addmm.default(Tensor self, Tensor mat1, Tensor mat2, *, Scalar beta=1, Scalar alpha=1) -> Tensor
baddbmm.default(Tensor self, Tensor batch1, Tensor batch2, *, Scalar beta=1, Scalar alpha=1) ->
    Tensor
einsum.default(str equation, Tensor[] tensors, *, int[]? path=None) -> Tensor
scaled_dot_product_attention.default(Tensor query, Tensor key, Tensor value, Tensor? attn_mask=None,
    float dropout_p=0., bool is_causal=False, *, float? scale=None, bool enable_gqa=False) -> Tensor
"""
"""Each has a rule of its own."""

CONSTANT = """
zeros.default(SymInt[] size, *, ScalarType? dtype=None, Layout? layout=None, Device? device=None,
    bool? pin_memory=None) -> Tensor
ones.default(SymInt[] size, *, ScalarType? dtype=None, Layout? layout=None, Device? device=None,
    bool? pin_memory=None) -> Tensor
full.default(SymInt[] size, Scalar fill_value, *, ScalarType? dtype=None, Layout? layout=None,
    Device? device=None, bool? pin_memory=None) -> Tensor
arange.default(Scalar end, *, ScalarType? dtype=None, Layout? layout=None, Device? device=None,
    bool? pin_memory=None) -> Tensor
arange.start(Scalar start, Scalar end, *, ScalarType? dtype=None, Layout? layout=None, Device?
    device=None, bool? pin_memory=None) -> Tensor
arange.start_step(Scalar start, Scalar end, Scalar step=1, *, ScalarType? dtype=None, Layout?
    layout=None, Device? device=None, bool? pin_memory=None) -> Tensor
scalar_tensor.default(Scalar s, *, ScalarType? dtype=None, Layout? layout=None, Device? device=None,
    bool? pin_memory=None) -> Tensor
eye.default(SymInt n, *, ScalarType? dtype=None, Layout? layout=None, Device? device=None, bool?
    pin_memory=None) -> Tensor
linspace.default(Scalar start, Scalar end, int steps, *, ScalarType? dtype=None, Layout?
    layout=None, Device? device=None, bool? pin_memory=None) -> Tensor
new_zeros.default(Tensor self, SymInt[] size, *, ScalarType? dtype=None, Layout? layout=None,
    Device? device=None, bool? pin_memory=None) -> Tensor
new_ones.default(Tensor self, SymInt[] size, *, ScalarType? dtype=None, Layout? layout=None, Device?
    device=None, bool? pin_memory=None) -> Tensor
new_full.default(Tensor self, SymInt[] size, Scalar fill_value, *, ScalarType? dtype=None, Layout?
    layout=None, Device? device=None, bool? pin_memory=None) -> Tensor
meshgrid.indexing(Tensor[] tensors, *, str indexing) -> Tensor[]
meshgrid.default(Tensor[] tensors) -> Tensor[]
sym_size.int(Tensor self, int dim) -> SymInt
"""
"""The result holds nothing of a record."""

NUMBER = """
add(Number a, Number b) -> Number
sub(Number a, Number b) -> Number
mul(Number a, Number b) -> Number
floordiv(Number a, Number b) -> Number
truediv(Number a, Number b) -> Number
mod(Number a, Number b) -> Number
neg(Number a) -> Number
eq(Number a, Number b) -> Number
ne(Number a, Number b) -> Number
lt(Number a, Number b) -> Number
le(Number a, Number b) -> Number
gt(Number a, Number b) -> Number
ge(Number a, Number b) -> Number
"""
"""Of Python's ``operator``: arithmetic on sizes."""

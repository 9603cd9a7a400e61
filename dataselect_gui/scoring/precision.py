"""In which precision a model is computed: float32 where that is provably enough, else float64.

Rounding moves a gradient by about a millionth of itself, except at a kink: where the input of a ReLU
comes out as +1e-7 instead of −1e-7, a whole path opens, and a gradient moves by as much as a hundredth.
A large network meets its kinks with every record. So only a model that is known to be smooth, operation
by operation, is computed in float32, and only after it agreed with float64 on some of the records.
"""

TOLERANCE = 2e-5
"""How far float32 may be from float64, relative to the score, on the records that are tried."""

SMOOTH = frozenset(
    # Arithmetic and smooth functions
    "add sub rsub __rsub__ mul div truediv neg pow sqrt rsqrt square exp log log1p expm1 reciprocal "
    "sin cos tanh sigmoid softmax log_softmax gelu silu mish softplus erf linear matmul mm bmm addmm "
    "baddbmm addcmul einsum conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d "
    "batch_norm layer_norm group_norm instance_norm rms_norm avg_pool1d avg_pool2d avg_pool3d "
    "adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d mean sum var std embedding "
    "scaled_dot_product_attention dropout interpolate cumsum tril triu "
    # Rearrangements, and looks at what is there
    "__get__ __getitem__ __len__ pad constant_pad_nd cat concat stack split chunk unbind view view_as "
    "reshape flatten unflatten squeeze unsqueeze transpose permute movedim swapaxes t expand "
    "expand_as broadcast_to repeat repeat_interleave contiguous clone to type_as float double type "
    "size dim numel stride is_contiguous is_floating_point roll flip fold unfold im2col pixel_shuffle "
    "pixel_unshuffle select slice narrow index_select gather masked_fill detach new_zeros new_ones "
    "new_empty new_full zeros_like ones_like empty_like full_like sym_size lift_fresh_copy alias copy "
    "_assert_tensor_metadata".split()
)
"""Operations without a kink. One that is not on this list counts as having one."""

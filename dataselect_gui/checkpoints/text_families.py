"""The families of Hugging Face models that read texts, each reviewed, and what each may be told.

What is asked of a family stands in `families`. Of texts, more: what fills a text up to its length is
masked, and neither a position nor a mask is told by another text of the batch. The library leaves a
mask out where nothing is filled up in the whole batch; it is kept from that where the model is loaded
(`scoring/hugging_face.py`).

The library has no family that classifies or predicts rows of a table.
"""

_BLOCKS = (
    "vocab_size hidden_size num_hidden_layers num_attention_heads intermediate_size hidden_act "
    "hidden_dropout_prob attention_probs_dropout_prob max_position_embeddings layer_norm_eps "
    "pad_token_id position_embedding_type"
)
_BERT = f"{_BLOCKS} type_vocab_size classifier_dropout"
_DEBERTA = (
    f"{_BLOCKS} type_vocab_size relative_attention max_relative_positions position_biased_input "
    "pos_att_type pooler_dropout pooler_hidden_act pooler_hidden_size legacy cls_dropout"
)

TEXT_FAMILIES: dict[str, tuple[str, str]] = {
    "albert": (
        "AlbertForSequenceClassification",
        f"{_BLOCKS} type_vocab_size embedding_size num_hidden_groups inner_group_num "
        "classifier_dropout_prob",
    ),
    "bert": ("BertForSequenceClassification", _BERT),
    "camembert": ("CamembertForSequenceClassification", _BERT),
    "deberta": ("DebertaForSequenceClassification", _DEBERTA),
    "deberta-v2": (
        "DebertaV2ForSequenceClassification",
        f"{_DEBERTA} position_buckets norm_rel_ebd share_att_key",
    ),
    "distilbert": (
        "DistilBertForSequenceClassification",
        "vocab_size max_position_embeddings sinusoidal_pos_embds n_layers n_heads dim hidden_dim "
        "dropout attention_dropout activation qa_dropout seq_classif_dropout pad_token_id",
    ),
    "electra": ("ElectraForSequenceClassification", f"{_BERT} embedding_size"),
    "ernie": ("ErnieForSequenceClassification", f"{_BERT} task_type_vocab_size use_task_id"),
    "modernbert": (
        "ModernBertForSequenceClassification",
        "vocab_size hidden_size intermediate_size num_hidden_layers num_attention_heads "
        "hidden_activation max_position_embeddings norm_eps norm_bias pad_token_id attention_bias "
        "attention_dropout layer_types rope_parameters global_attn_every_n_layers global_rope_theta "
        "local_rope_theta local_attention embedding_dropout mlp_bias mlp_dropout decoder_bias "
        "classifier_pooling classifier_dropout classifier_bias classifier_activation",
    ),
    "mpnet": ("MPNetForSequenceClassification", f"{_BLOCKS} relative_attention_num_buckets"),
    "roberta": ("RobertaForSequenceClassification", _BERT),
    "roberta-prelayernorm": ("RobertaPreLayerNormForSequenceClassification", _BERT),
    "xlm-roberta": ("XLMRobertaForSequenceClassification", _BERT),
    "xlm-roberta-xl": ("XLMRobertaXLForSequenceClassification", _BERT),
}
"""By the library's name of the family: its class, and what its configuration may state."""

NOT_READ = (
    # What published configurations carry of other programs, or of other heads.
    "directionality pooler_fc_size pooler_num_attention_heads pooler_num_fc_layers "
    "pooler_size_per_head pooler_type net_structure_type gap_size num_memory_blocks "
    "down_scale_factor output_past tie_weights_ summary_type summary_use_proj summary_activation "
    "summary_last_dropout summary_first_dropout cls_token_id deterministic_flash_attn "
    "sparse_prediction sparse_pred_ignore_index reference_compile repad_logits_with_grad "
    "initializer_cutoff_factor generator_size"
)

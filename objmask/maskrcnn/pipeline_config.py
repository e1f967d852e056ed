"""A network's settings and classes as the zoo's archives state them: `pipeline.config` and a label map."""

from __future__ import annotations

from objmask.maskrcnn.config import MaskRCNNConfig

_EXTRACTORS = {
    "inception_resnet_v2": "faster_rcnn_inception_resnet_v2",
    "inception_v2": "faster_rcnn_inception_v2",
    "desk": "objmask_desk",
}


def label_map(config: MaskRCNNConfig) -> str:
    """Items of name and id, in the Object Detection API's text format."""
    return "".join(
        f"item {{\n  id: {number}\n  name: {_quoted(name)}\n  display_name: {_quoted(name)}\n}}\n"
        for name, number in zip(config.classes, config.class_ids, strict=True)
        if not name.startswith("unused ")
    )


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def pipeline_config(config: MaskRCNNConfig) -> str:
    """The `model` part of a pipeline file; for `desk`, which the Object Detection API does not know, its equivalent."""
    anchors = "".join(
        f"        {key}: {value}\n"
        for key, values in (("scales", config.anchor_scales), ("aspect_ratios", config.anchor_ratios))
        for value in values
    )
    return f"""model {{
  faster_rcnn {{
    num_classes: {len(config.classes)}
    image_resizer {{
      keep_aspect_ratio_resizer {{
        min_dimension: {config.min_dimension}
        max_dimension: {config.max_dimension}
      }}
    }}
    number_of_stages: 3
    feature_extractor {{
      type: "{_EXTRACTORS[config.architecture]}"
      first_stage_features_stride: {config.stride_px}
    }}
    first_stage_anchor_generator {{
      grid_anchor_generator {{
        height: {config.anchor_base_px}
        width: {config.anchor_base_px}
        height_stride: {config.stride_px}
        width_stride: {config.stride_px}
{anchors}      }}
    }}
    first_stage_atrous_rate: {config.rpn_dilation}
    first_stage_box_predictor_depth: {config.rpn_depth}
    first_stage_nms_score_threshold: 0.0
    first_stage_nms_iou_threshold: {config.proposal_iou}
    first_stage_max_proposals: {config.proposals}
    initial_crop_size: {config.crop_size}
    maxpool_kernel_size: {config.crop_pooling}
    maxpool_stride: {config.crop_pooling}
    second_stage_box_predictor {{
      mask_rcnn_box_predictor {{
        predict_instance_masks: true
        mask_height: {config.mask_size}
        mask_width: {config.mask_size}
        mask_prediction_conv_depth: {config.mask_depth}
        mask_prediction_num_conv_layers: {config.mask_convs + 1}
      }}
    }}
    second_stage_post_processing {{
      batch_non_max_suppression {{
        score_threshold: {config.score_floor}
        iou_threshold: {config.detection_iou}
        max_detections_per_class: {config.per_class}
        max_total_detections: {config.detections}
      }}
      score_converter: SOFTMAX
    }}
  }}
}}
"""

"""What `make test-fast` leaves out of the unit tests: all that takes more than two seconds of a processor.

`pytest --durations=25` says which tests take long. `unit/test_collection.py` holds that each line still names tests,
and that every room of the package keeps some.
"""

from __future__ import annotations

SLOW = (
    "unit/audit/test_read.py",
    "unit/audit/test_turns.py::test_a_picture_that_lies_is_told_how_to_be_turned",
    "unit/audit/test_turns.py::test_an_upright_picture_is_let_be",
    "unit/clips/test_clips_verbs.py::test_keras_reads_the_folders",
    "unit/config/test_config_files.py::test_a_text_on_the_command_line_is_what_was_typed",
    "unit/detections/test_masks.py::test_masks_land_where_the_original_put_them",
    "unit/evaluation/test_over_time.py",
    "unit/evaluation/test_pictures.py",
    "unit/inference/test_key_frames.py",
    "unit/inference/test_network_server.py",
    "unit/maskrcnn/test_export.py",
    "unit/maskrcnn/test_inception_resnet_v2.py",
    "unit/maskrcnn/test_inception_v2.py",
    "unit/maskrcnn/test_training.py",
    "unit/models/test_cache.py::test_killed_at_any_moment_it_never_leaves_a_wrong_archive",
    "unit/models/test_install.py",
    "unit/models/test_package.py",
    "unit/models/test_palms.py",
    "unit/models/test_text_lines.py",
    "unit/models/test_tf_detection.py",
    "unit/models/test_zoo.py::test_a_network_out_of_a_known_package_is_credited_whatever_it_is_called",
    "unit/models/test_zoo.py::test_an_archive_is_credited_by_its_checksum_alone",
    "unit/models/test_zoo.py::test_the_score_that_a_graph_cuts_at_is_guessed_by_its_name",
    "unit/provenance/test_record.py::test_code_edits_rerun_what_they_touch_and_nothing_else",
    "unit/provenance/test_record.py::test_what_is_only_said_costs_no_rerun",
    "unit/render/test_privacy.py::test_text_cannot_be_read_any_more",
    "unit/report/test_page.py::test_five",
    "unit/running/test_further_pass.py",
    "unit/test_cli.py::test_what_is_missing_is_one_line",
    "unit/test_collection.py",
    "unit/video/test_assets.py",
    "unit/video/test_cuts.py::test_real_video_without_cuts_has_none_and_spliced_video_has_one",
    "unit/video/test_fingerprint.py::test_replaced_while_it_is_read_the_old_one_is_what_is_published",
    "unit/video/test_fingerprint.py::test_written_over_while_it_is_read_nothing_is_published",
    "unit/video/test_source.py::test_the_largest_size",
    "unit/video/test_times_of_outputs.py::test_every_output_shows_every_frame_at_its_time",
)
"""Files below `tests`, or what the names of tests in them begin with."""


def is_slow(test: str) -> bool:
    """Whether a test, as `unit/test_errors.py::test_one_line`, is left out."""
    return test.startswith(SLOW)

from dataclasses import replace

import numpy as np
import pytest

from inkpose.pipeline import Pipeline


def paper(height=40, width=60):
    return np.full((height, width, 3), 255, np.uint8)


def test_tags_above_their_own_threshold_most_probable_first(pipeline):
    red = paper()
    red[:] = (200, 120, 120)
    [seen] = pipeline([red])
    assert [(tag.name, tag.group) for tag in seen.tags] == [("solo", "count"), ("red_theme", "colour")]
    assert seen.tags[1].score == pytest.approx(200 / 255, abs=1e-6)


def test_one_threshold_for_all_and_unsupported_never(pipeline):
    strict = Pipeline(pipeline.tagger, pipeline.segmenter, pipeline.pose, tag_threshold=0.95)
    [seen] = strict([paper()])
    assert [tag.name for tag in seen.tags] == ["red_theme"]  # white is fully red; `solo` is at 0.9


def test_boxes_masks_and_joints_of_two_characters(pipeline):
    image = paper()
    image[5:35, 10:30] = 0
    image[10:20, 40:50] = 0
    [seen] = pipeline([image])
    assert [character.box_xyxy for character in seen.characters] == [(10, 5, 30, 35), (40, 10, 50, 20)]
    first = seen.characters[0]
    assert first.score == pytest.approx(0.95)
    mask = first.mask(60, 40)
    assert mask.shape == (40, 60)
    assert mask.sum() == 255 * 20 * 30
    assert mask[5:35, 10:30].all()
    assert first.keypoints.shape == (17, 3)
    np.testing.assert_allclose(first.keypoints[0], [10 + 20 * 0.02, 5 + 30 * 0.02, 0.5], atol=1e-4)
    assert np.isnan(first.keypoints[16, :2]).all()
    assert first.keypoints[16, 2] == pytest.approx(0.01)


def test_cutout_is_straight_rgba_of_picture_size(pipeline):
    image = paper()
    image[5:35, 10:30] = (90, 20, 30)
    [seen] = pipeline([image])
    cut = seen.characters[0].cutout(image)
    assert cut.shape == (40, 60, 4)
    assert (cut[8:32, 13:27] == (90, 20, 30, 255)).all()
    assert (cut[:, :5] == 0).all()


def test_transparent_pixels_are_never_character(pipeline):
    dark = np.zeros((40, 60, 4), np.uint8)  # black under full transparency
    half = dark.copy()
    half[:, 30:, 3] = 255
    seen_nothing, seen_half = pipeline([dark, half])
    assert seen_nothing.characters == []
    assert seen_half.characters[0].box_xyxy == (30, 0, 60, 40)
    assert (seen_half.characters[0].cutout(half)[:, :30, 3] == 0).all()


def test_batch_equals_loop(pipeline):
    images = [paper(), paper(30, 20), paper(1, 1)]
    images[0][5:35, 10:30] = 0
    together, alone = pipeline(images), [pipeline([image])[0] for image in images]
    for a, b in zip(together, alone, strict=True):
        assert a.tags == b.tags
        assert [c.box_xyxy for c in a.characters] == [c.box_xyxy for c in b.characters]


def test_one_pixel_and_needle_pictures(pipeline):
    for shape in ((1, 1, 3), (1, 4000, 3), (4000, 1, 3)):
        [seen] = pipeline([np.zeros(shape, np.uint8)])
        assert [c.box_xyxy for c in seen.characters] == [(0, 0, shape[1], shape[0])]


def test_no_pictures(pipeline):
    assert pipeline([]) == []


@pytest.mark.parametrize(
    "wrong", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3), np.float32), np.zeros((0, 4, 3), np.uint8)]
)
def test_wrong_arrays_are_refused(pipeline, wrong):
    with pytest.raises(ValueError, match="must be uint8"):
        pipeline([wrong])


def test_another_threshold_needs_no_second_look(pipeline):
    image = paper()
    image[5:35, 10:30] = 0
    looks = pipeline.look([image])
    assert looks[0].foreground_prob.shape == (40, 60)
    strict = replace(pipeline, mask_threshold=0.97, tag_threshold=0.95)
    [seen] = strict.interpret([image], looks)
    assert seen.characters == []
    assert [tag.name for tag in seen.tags] == []
    [loose] = pipeline.interpret([image], looks)
    assert [character.box_xyxy for character in loose.characters] == [(10, 5, 30, 35)]


def test_characters_that_touch_are_parted_and_keep_to_themselves(pipeline):
    class Apart(type(pipeline.segmenter)):
        def owners(self, images):
            return [np.where(np.arange(image.shape[1]) < 30, np.uint8(1), np.uint8(2))[None].repeat(
                image.shape[0], axis=0) for image in images]  # fmt: skip

    image = paper()
    image[5:35, 10:50] = 0
    [together] = pipeline([image])
    assert [c.box_xyxy for c in together.characters] == [(10, 5, 50, 35)]
    [seen] = replace(pipeline, segmenter=Apart())([image])
    assert [c.box_xyxy for c in seen.characters] == [(10, 5, 30, 35), (30, 5, 50, 35)]
    left, right = (c.cutout(image)[:, :, 3] for c in seen.characters)
    assert (left[:, 30:] == 0).all()
    assert (right[:, :30] == 0).all()
    assert (left[10:30, 12:30] == 255).all()
    assert [c.keypoints[0, 0] for c in seen.characters] == pytest.approx([10.4, 30.4])

"""Test-time augmentation of a detector: a pipeline per view, and one list of detections from all."""

from mmengine.config import Config

from .settings import TTASettings
from .views import make_views


class TestTimeAugmentation:
    """The views of a config's test pipeline, and the way back.

    Works with any detector: it changes what the model sees and reads what it predicts, nothing in between.

    Args:
        cfg: A config; its optional ``tta`` holds :class:`TTASettings`.

    Attributes:
        settings: What the config asks for.
        views: The views; the picture as it is comes first, if it is among them.
        pipelines: One test pipeline per view, in the same order.

    Raises:
        UserError: A setting is wrong or does not fit the test pipeline.
    """

    __test__ = False  # pytest takes it for a test otherwise

    def __init__(self, cfg: Config) -> None:
        source = str(cfg.filename)
        self.settings = TTASettings.from_config(cfg, source)
        self.views = make_views(self.settings)
        steps = cfg.test_dataloader.dataset.pipeline
        self.pipelines = [view.pipeline(steps, source) for view in self.views]

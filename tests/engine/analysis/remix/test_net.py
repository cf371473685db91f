import pytest
import torch

from engine.analysis.remix.net import RemixNet, fourier
from engine.analysis.remix.shape import NAMES, Shape
from tests.engine.analysis.remix.tiny import tiny, tiny_shape

X = 0.1 * torch.randn(2, 1001, generator=torch.Generator().manual_seed(0))
GAINS = torch.tensor([[0.0, 4.0, 1.0, 0.25], [2.0, 1.0, 0.5, 1.0]])


def test_an_untrained_encoder_and_decoder_give_the_sound_back() -> None:
    basis = fourier(32)
    padded = torch.nn.functional.pad(X, (16, 16 + -X.shape[1] % 16))

    latents = padded.unfold(-1, 32, 16) @ basis.T

    torch.testing.assert_close(RemixNet(tiny_shape()).decoded(latents, X.shape[1]), X)


@pytest.mark.parametrize("sources", NAMES)
@pytest.mark.parametrize("model", [1, 2])
def test_a_remix_is_as_long_as_the_song(model: int, sources: int) -> None:
    net = tiny(model, sources)

    remix, found = net.both(X, torch.ones(2, sources))

    assert remix.shape == X.shape
    assert found is not None
    assert found.shape == (2, sources, X.shape[1])


@pytest.mark.parametrize("model", [1, 2])
def test_gains_of_one_change_nothing_at_all(model: int) -> None:
    assert torch.count_nonzero(tiny(model).change(X, torch.ones(2, 4))) == 0


def test_model_one_changes_by_its_own_sources() -> None:
    net = tiny(1)

    _, found = net.both(X, GAINS)

    assert found is not None
    torch.testing.assert_close(net.change(X, GAINS), ((GAINS - 1)[..., None] * found).sum(dim=1), atol=1e-6, rtol=1e-4)
    torch.testing.assert_close(net(X, GAINS), (GAINS[..., None] * found).sum(dim=1), atol=1e-6, rtol=1e-4)


def test_model_two_at_gains_of_one_is_its_own_decoding() -> None:
    net = tiny(2)

    plain = net.decoded(net.latents(X).sum(dim=1), X.shape[1])

    torch.testing.assert_close(net(X, torch.ones(2, 4)), plain)
    torch.testing.assert_close(net.change(X, GAINS), net(X, GAINS) - plain)


def test_model_two_is_no_sum_of_its_sources() -> None:
    net = tiny(2)

    remix, found = net.both(X, GAINS)

    assert found is not None
    assert float((remix - (GAINS[..., None] * found).sum(dim=1)).abs().max()) > 1e-3


def test_a_shape_survives_its_description() -> None:
    shape = tiny_shape(2, 5)

    assert Shape.told(shape.described()) == shape
    with pytest.raises(ValueError, match="no remixing network"):
        Shape(sources=7)

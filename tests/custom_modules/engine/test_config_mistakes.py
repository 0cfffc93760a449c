"""What components say against a config becomes one line, with the place and a guess."""

import pytest
from mmengine.config import Config

from custom_modules.engine.config_mistakes import config_mistakes
from custom_modules.utils import UserError

pytestmark = pytest.mark.fast


@pytest.mark.parametrize('error', [TypeError('two\nlines'), KeyError('key'), AssertionError(), RuntimeError('no')])
def test_a_components_complaint_becomes_one_line(error):
    with pytest.raises(UserError, match='^my.py: optim_wrapper: ') as told, config_mistakes('my.py: optim_wrapper'):
        raise error
    assert '\n' not in str(told.value)


def test_a_line_for_the_user_stays_as_it_is():
    with pytest.raises(UserError, match='^as it is$'), config_mistakes('my.py: optim_wrapper'):
        raise UserError('as it is')


def test_an_argument_is_found_and_guessed():
    cfg = Config({'model': {'type': 'EncoderDecoder', 'decode_head': {'type': 'FCNHead', 'num_clases': 5}}})
    guess = r'at model.decode_head.num_clases; did you mean num_classes'
    with pytest.raises(UserError, match=guess), config_mistakes('a.py', cfg):
        raise TypeError("BaseDecodeHead.__init__() got an unexpected keyword argument 'num_clases'")
    plain = r"a.py: X.__init__\(\) got an unexpected keyword argument 'y'$"
    with pytest.raises(UserError, match=plain), config_mistakes('a.py', cfg):
        raise TypeError("X.__init__() got an unexpected keyword argument 'y'")

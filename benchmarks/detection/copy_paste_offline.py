"""The baseline on twice the pictures: the old ones, and as many with objects pasted in once and for all.

    python benchmarks/detection.py --only _copy_paste_offline_

Score: in ../detection.md.
"""

_base_ = './baseline.py'

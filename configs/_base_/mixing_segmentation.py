"""Augmentations of segmenters that take several pictures, to choose from.

A leaf puts one or several between loading and what its data set does anyway, in a wrapper (see
deeplabv3plus_efficientnet_b5_cutmix.py)::

    train_dataloader = dict(
        dataset=dict(_base_.mixed, _delete_=True, pipeline=[_base_.cutmix, *_base_.augment, _base_.pack])
    )

All but ``cutmix`` cut connected regions of a class, blobs, out of other pictures' label maps.
"""

cutmix = dict(type='CutMix', alpha=1.0, prob=0.5)

# Rare classes more: each class is drawn by the inverse square root of the number of its pictures; classes=[...] takes
# some alone.
copy_paste = dict(type='TrashSegCopyPaste', class_weights='rare', num_objects=(1, 3), scale=(0.5, 1.5), prob=0.5)
# After each validation badly found classes are drawn more; num_worst=3 takes the worst three alone.
refresh_copy_paste = dict(type='RefreshCopyPasteHook')

# Only onto pixels of the classes named: trash lies on what is no trash.  The rarest two of the trash sets.
copy_blob = dict(type='CopyBlob', paste={'Battery': ['Background'], 'Clothing': ['Background']}, prob=0.5)
# Of street scenes; what stands on the road hides the lower part of what comes behind it.
copy_blob_streets = dict(
    type='CopyBlob',
    paste={'wall': ['sidewalk'], 'fence': ['sidewalk'], 'bus': ['road'], 'train': ['road']},
    min_fit=0.8,
    prob=0.5,
)

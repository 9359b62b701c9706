"""Extracts the weights of a checkpoint, so that it can be loaded safely.

A checkpoint is a Python pickle, which can run arbitrary code when it is loaded.
This package therefore loads only checkpoints that contain nothing but weights
and MMEngine's metadata. This tool converts other checkpoints to that form; use
--trust only for sources that you trust.
"""
import argparse
import sys


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('checkpoint')
    parser.add_argument('out', help='the checkpoint to write')
    parser.add_argument(
        '--trust',
        action='store_true',
        help='load it even if it can run code; only for sources that you trust')
    return parser.parse_args()


def main():
    args = parse_args()
    import torch
    from mmengine.runner import save_checkpoint

    from mmpose_thermal.checkpoints import load_checkpoint
    from mmpose_thermal.engine.storage import ATOMIC
    if args.trust:
        content = torch.load(
            args.checkpoint, map_location='cpu', weights_only=False)
    else:
        try:
            content = load_checkpoint(args.checkpoint)
        except (ValueError, FileNotFoundError) as error:
            sys.exit(f'clean_checkpoint: {error}')
    if not isinstance(content, dict):
        content = content.state_dict()  # a whole model
    weights = {
        key: value
        for key, value in content.get('state_dict', content).items()
        if isinstance(value, torch.Tensor)
    }
    if not weights:
        sys.exit(f'clean_checkpoint: {args.checkpoint} holds no weights')
    meta = content.get('meta')
    meta = {
        key: value
        for key, value in (meta if isinstance(meta, dict) else {}).items()
        if isinstance(value, (str, int, float))
    }
    save_checkpoint(
        dict(meta=meta, state_dict=weights), args.out, backend_args=ATOMIC)
    print(f'{args.out}: {len(weights)} weights')


if __name__ == '__main__':
    main()

"""Takes the weights out of a checkpoint, for loading without risk.

A checkpoint is a Python pickle, which can run a program when it is loaded.
This package therefore reads only those of weights and of what MMEngine stores
with them. Another one, of a source that you trust, is brought into that form.
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
        help='run whatever is in it: for sources that you trust alone')
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

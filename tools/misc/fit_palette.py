"""Fits a camera's palette from frames that exist both in grey and in false colours.

SF-TL54 and TFW have such frames. Set the field "palette" of images to the result,
so that LoadThermalImage maps their false colours back to grey levels.
"""
import argparse
import sys
from pathlib import Path

from mmpose_thermal.runtime.atomic_file import write_picture
from mmpose_thermal.runtime.decoders import decode_picture
from mmpose_thermal.runtime.images import decode_image, grey_levels
from mmpose_thermal.runtime.palettes import fit_palette


def parse_args():
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument('grey', help='folder of the grey images')
    parser.add_argument('colour', help='folder of the same images in false '
                        'colours, with the same file names')
    parser.add_argument('out', help='PNG to write: 256 pixels, coldest first')
    parser.add_argument(
        '--number', type=int, default=200, help='number of frames to use')
    return parser.parse_args()


def pairs(grey, colour, number):
    names = sorted({path.name for path in Path(grey).iterdir()} &
                   {path.name for path in Path(colour).iterdir()})
    for name in names[::max(len(names) // number, 1)]:
        path = Path(colour) / name
        if path.is_dir():
            raise ValueError(f'{path} is a folder and cannot be decoded: give '
                             'the folders that contain the images directly.')
        yield (thermal_levels(Path(grey) / name),
               decode_picture(path.read_bytes(), str(path)))


def thermal_levels(path):
    raw = decode_image(path.read_bytes(), str(path))
    return grey_levels(raw, str(path))[0]


def main():
    args = parse_args()
    try:
        palette = fit_palette(pairs(args.grey, args.colour, args.number))
        write_picture(args.out, palette[None])
    except (ValueError, OSError) as error:
        sys.exit(f'fit_palette: {error}')


if __name__ == '__main__':
    main()

"""Charlotte-ThermalFace (72 or 43 points, radiometric) to COCO json."""
import csv
import re

import numpy as np

from ..converter_tools import (ConversionError, Face, LeaveOut, Picture,
                               split_by_subject)

POINT_SETS = {'': 'charlotte', 'profile': 'charlotte_profile'}
_FRONT, _PROFILE, _IBUG = 72, 43, 68
_CONDITIONS = {
    'Distance': 'distance_m',
    'RH': 'relative_humidity',
    'Airflow': 'airflow_m_s',
    'env-temp': 'air_temperature_c',
    'Sensation': 'thermal_sensation',
}


def list_tasks(root, args):
    """Lists the rows of all tables; nothing is skipped."""
    tables = {
        int(path.stem[1:]): path
        for path in root.glob('S*.csv') if path.stem[1:].isdigit()
    }
    if not tables:
        raise ConversionError(f'{root} holds no S1.csv, S2.csv, ...')
    splits = split_by_subject(tables, args.val_subjects, args.test_subjects)
    tasks = []
    for subject in sorted(tables):
        with open(tables[subject], newline='', encoding='utf-8-sig') as file:
            reader = csv.DictReader(file)
            missing = {'ID', 'x0', 'y0', f'x{_IBUG - 1}'} - set(
                reader.fieldnames or ())
            if missing:
                raise ConversionError(
                    f'{tables[subject]} lacks the columns {sorted(missing)}.')
            tasks += [(f'{tables[subject].name}: {row["ID"]}',
                       (subject, splits[subject], row, args.images,
                        args.kelvin_per_count)) for row in reader]
    return tasks, []


def _coordinates(row, count):
    """The points of a row, (count, 2), NaN for empty cells."""
    return np.array([[float(row.get(f'{axis}{i}') or 'nan') for axis in 'xy']
                     for i in range(count)])


def read(root, task):
    """Reads one image with its faces."""
    subject, split, row, images, kelvin_per_count = task
    if not re.fullmatch(r'R\d+', row['ID']):
        raise LeaveOut('ID that is not R followed by digits')
    points = _coordinates(row, _FRONT)
    known = np.isfinite(points).all(1)
    if known[:_IBUG].all():
        kind = ''
    elif known[:_PROFILE].all() and not known[_PROFILE:].any():
        kind, points = 'profile', points[:_PROFILE]
    else:
        raise LeaveOut(f'{known.sum()} points: neither a front view '
                       f'(>= {_IBUG}) nor a profile ({_PROFILE})')
    fields = dict(subject_id=subject)
    for column, name in _CONDITIONS.items():
        try:
            fields[name] = float(row[column])
        except (KeyError, TypeError, ValueError):
            continue  # not recorded
    name = f'S{subject}/{row["ID"]}.tiff'
    if images == 'jpg':
        name = f'S{subject}/N{row["ID"][1:]}.jpg'
    else:
        fields['temperature_scale'] = kelvin_per_count
    return Picture(name, split, [Face(points)], kind=kind, fields=fields)

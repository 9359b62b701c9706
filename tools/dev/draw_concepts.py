"""Draws the figures of docs/concepts.md and docs/architecture.md."""
import argparse
import os.path as osp

_BLUE, _ORANGE, _GREY, _GREEN = '#0072B2', '#D55E00', '#666666', '#009E73'


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        '--out-dir', default='docs/images', help='folder to write to [%(default)s]')
    return parser.parse_args()


class Canvas:
    """Draws boxes and arrows on axes in centimetres."""

    def __init__(self, width, height):
        from matplotlib import pyplot
        self.figure, self.axes = pyplot.subplots(
            figsize=(width / 2.54, height / 2.54))
        self.axes.set(xlim=(0, width), ylim=(0, height))
        self.axes.axis('off')
        self.axes.set_position([0, 0, 1, 1])

    def box(self, x, y, text, colour, width=3.2, height=1., dashed=False):
        """Draws a box centred at (x, y); returns it for arrows."""
        from matplotlib.patches import FancyBboxPatch
        self.axes.add_patch(
            FancyBboxPatch((x - width / 2, y - height / 2), width, height,
                           boxstyle='round,pad=0,rounding_size=.15',
                           facecolor=f'{colour}22', edgecolor=colour,
                           linestyle='--' if dashed else '-', linewidth=1.4))
        self.axes.text(x, y, text, ha='center', va='center', fontsize=8)
        return x, y, width, height

    def arrow(self, start, end, colour=_GREY, text='', bend=0., dashed=False,
              offset=(0, .18)):
        """Draws an arrow from the edge of one box to the edge of another."""
        from matplotlib.patches import FancyArrowPatch
        points = [self._rim(start, end), self._rim(end, start)]
        self.axes.add_patch(
            FancyArrowPatch(*points, arrowstyle='-|>', mutation_scale=10,
                            color=colour, linewidth=1.4,
                            linestyle='--' if dashed else '-',
                            connectionstyle=f'arc3,rad={bend}'))
        if text:
            middle = [(a + b) / 2 for a, b in zip(*points)]
            self.axes.text(middle[0] + offset[0], middle[1] + offset[1], text,
                           ha='center', va='bottom', fontsize=7,
                           color=colour)

    @staticmethod
    def _rim(box, other):
        x, y, width, height = box
        dx, dy = other[0] - x, other[1] - y
        share = min(width / 2 / abs(dx) if dx else 9e9,
                    height / 2 / abs(dy) if dy else 9e9)
        return x + share * dx, y + share * dy

    def text(self, x, y, text, **options):
        self.axes.text(x, y, text, **{'fontsize': 9, 'va': 'center',
                                      **options})

    def save(self, path):
        from matplotlib import pyplot
        self.figure.savefig(path, dpi=130)
        pyplot.close(self.figure)
        print(path)


def draw_levels(path):
    """Draws KTL and MCL, and the four paths of DIKD."""
    canvas = Canvas(21, 12.4)
    canvas.text(.4, 11.9, 'Two levels, trained one after the other',
                weight='bold')
    teacher = canvas.box(3, 10.4, 'RGB teacher\nfrozen', _BLUE, dashed=True)
    student = canvas.box(10.5, 10.4, 'thermal student', _ORANGE)
    light = canvas.box(18, 10.4, 'light thermal student', _GREEN)
    canvas.arrow(teacher, student, text='KTL: DIKD on aligned pairs')
    canvas.arrow(student, light, text='MCL: DIKD, student frozen')
    canvas.text(18, 9.5, 'deployed: this network alone', ha='center',
                fontsize=7, color=_GREEN)

    canvas.text(.4, 8.3, 'DIKD: features through the other\'s head',
                weight='bold')
    rgb = canvas.box(1.9, 6.6, 'RGB image', _GREY, 2.6)
    thermal = canvas.box(1.9, 2.2, 'thermal image', _GREY, 2.6)
    body_t = canvas.box(5.9, 6.6, 'teacher:\nbackbone, neck', _BLUE, 3,
                        dashed=True)
    body_s = canvas.box(5.9, 2.2, 'student:\nbackbone, neck', _ORANGE, 3)
    f_t = canvas.box(9.6, 6.6, '$F_t$', _BLUE, 1.4, dashed=True)
    f_s = canvas.box(9.6, 2.2, '$F_s$', _ORANGE, 1.4)
    head_t = canvas.box(14.2, 6.6, 'teacher\'s head', _BLUE, 2.8, dashed=True)
    head_s = canvas.box(14.2, 2.2, 'student\'s head', _ORANGE, 2.8)
    for chain in ((rgb, body_t, f_t), (thermal, body_s, f_s)):
        for start, end in zip(chain, chain[1:]):
            canvas.arrow(start, end)
    canvas.arrow(f_s, head_s, _ORANGE)
    canvas.arrow(f_t, head_s, _BLUE)
    canvas.arrow(f_s, head_t, _ORANGE)
    canvas.text(10.75, 5.75, 'connector', fontsize=7, color=_BLUE, rotation=-44)
    canvas.text(10.75, 3.05, 'connector', fontsize=7, color=_ORANGE,
                rotation=44)
    task = canvas.box(18.7, 1.4, 'task loss\n$L(h_s(F_s), y)$', _GREY, 3.8)
    forward = canvas.box(18.7, 3.3, 'forward injection\n$L(h_s(F_t), y)$',
                         _BLUE, 3.8)
    reverse = canvas.box(18.7, 6.6, 'reverse injection\n$L(h_t(F_s), y)$',
                         _ORANGE, 3.8)
    canvas.arrow(head_s, task, _ORANGE)
    canvas.arrow(head_s, forward, _BLUE)
    canvas.arrow(head_t, reverse, _ORANGE)
    canvas.text(
        .4, .45, 'Dashed: frozen. Forward injection trains the student\'s head '
        'on the teacher\'s features, reverse injection the student\'s body '
        'through the frozen head.\nBoth are scaled by r(t), which decays over '
        'the training. A connector joins features of unlike shapes.',
        fontsize=7, color=_GREY)
    canvas.save(path)


def draw_way(path):
    """Draws the path of a sample through the package."""
    canvas = Canvas(21, 9.4)
    steps = [
        ('annotation json\nCOCO', _GREY), ('ThermalFaceDataset\nchecks, pairs',
                                           _BLUE),
        ('LoadThermalImage\nLoadRGBPartner', _BLUE),
        ('PairTopdownAffine,\nflip: geometry', _BLUE),
        ('ModalityTransform:\nphotometry of each', _BLUE),
        ('GenerateTarget\n(MMPose)', _GREY),
        ('PackPairInputs\n{thermal, rgb}', _BLUE),
        ('PairDataPreprocessor\nnormalises each', _BLUE),
        ('CrossModalDistiller\n.loss', _ORANGE),
        ('DistillLoss modules\n+ task loss', _ORANGE),
        ('AtomicCheckpointHook\nStudentCheckpointHook', _GREEN),
        ('student_best.pth/.py\nstock MMPose model', _GREEN),
    ]
    boxes = []
    for index, (text, colour) in enumerate(steps):
        row, column = divmod(index, 4)
        column = column if row % 2 == 0 else 3 - column
        boxes.append(canvas.box(2.7 + 5.2 * column, 8.2 - 2.6 * row, text,
                                colour, 4.2, 1.2))
    for start, end in zip(boxes, boxes[1:]):
        canvas.arrow(start, end)
    test = canvas.box(2.7, 1., 'PackPoseInputs,\nPoseDataPreprocessor', _GREY,
                      4.2, 1.)
    student = canvas.box(7.9, 1., 'student .predict', _ORANGE, 4.2)
    metric = canvas.box(13.1, 1., 'FaceAlignmentMetric', _GREEN, 4.2)
    export = canvas.box(18.3, 1., 'export, ThermalLandmarker', _GREEN, 4.2)
    canvas.arrow(test, student)
    canvas.arrow(student, metric)
    canvas.arrow(boxes[-1], export, bend=0)
    canvas.text(.6, 1.85, 'at test time: the thermal image alone', fontsize=7,
                color=_GREY)
    canvas.save(path)


def main():
    args = parse_args()
    import matplotlib
    matplotlib.use('Agg')
    draw_levels(osp.join(args.out_dir, 'concepts.png'))
    draw_way(osp.join(args.out_dir, 'architecture.png'))


if __name__ == '__main__':
    main()

# RWTH-Aachen thermal face database: iBUG's 68 points.
_base_ = './ibug68.py'

dataset_info = dict(
    dataset_name='rwth',
    paper_info=dict(
        author='Kopaczka, Marcin and Kolk, Raphael and Schock, Justus and '
        'Burkhard, Felix and Merhof, Dorit',
        title='A Thermal Infrared Face Database With Facial Landmarks and '
        'Emotion Labels',
        container='IEEE Transactions on Instrumentation and Measurement',
        year='2019',
        homepage='https://github.com/marcinkopaczka/thermalfaceproject'))

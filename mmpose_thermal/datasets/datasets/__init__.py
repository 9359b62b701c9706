from .thermal_face_dataset import ThermalFaceDataset

__all__ = ['ThermalFaceDataset']

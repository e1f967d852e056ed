"""Trains a tiny network on clips for one epoch: python train_on_clips.py results/clips"""

import sys
from pathlib import Path

import keras
import numpy as np

root = Path(sys.argv[1])
lines = {path.stem: path.read_text(encoding="utf-8").split("\n")[:-1] for path in root.glob("splits/*.txt")}


def load(split):
    files = [np.load(root / f"npz/{video}.npz", allow_pickle=False) for video in lines[split]]
    clips = np.stack([file["frames"] for file in files]).astype(np.float32) / 255
    return clips, np.array([lines["labels"].index(str(file["label"])) for file in files])


network = keras.Sequential(
    [
        keras.layers.Conv3D(8, 5, strides=(2, 4, 4), activation="relu"),
        keras.layers.Conv3D(16, 3, strides=2, activation="relu"),
        keras.layers.GlobalAveragePooling3D(),
        keras.layers.Dense(len(lines["labels"]), activation="softmax"),
    ]
)
network.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
network.fit(*load("train"), validation_data=load("test"), epochs=1, verbose=2)

"""Stand-ins for the input and output nodes of the public flowscale-nodes pack (0.4.0).

Class names, input names, types, defaults, option lists, return types and the shape of
the "ui" result are those of the public pack, oddities included. The code is this project's
own and needs only what ComfyUI needs.
"""
import os
import random
import wave

import folder_paths
import numpy as np
import torch
from PIL import Image

PICTURES = ("png", "jpg", "jpeg", "webp", "avif", "heif")
FILMS = ("webm", "mp4", "mkv", "gif", "mov", "avi", "wmv")


def inputs_named(*endings):
    folder = folder_paths.get_input_directory()
    return sorted(
        name
        for name in os.listdir(folder)
        if os.path.isfile(os.path.join(folder, name)) and name.rpartition(".")[2].lower() in endings
    )


def random_name(prefix, ending):
    return f"{prefix}_{random.randrange(10**6):06}.{ending}"


def label(default):
    return {"label": ("STRING", {"default": default})}


class FSLoadText:
    CATEGORY, FUNCTION = "FlowScale/Media/Text", "run"
    RETURN_TYPES, RETURN_NAMES = ("STRING",), ("text",)

    @classmethod
    def INPUT_TYPES(cls):
        return {"optional": {"default_value": ("STRING", {"multiline": True, "default": ""}), **label("Input Text")}}

    def run(self, default_value=None, label=None):
        return (default_value,)


class FSLoadInteger:
    CATEGORY, FUNCTION = "FlowScale/Media/Integer", "run"
    RETURN_TYPES, RETURN_NAMES = ("INT",), ("integer",)

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"default_value": ("INT", {"default": 0})}, "optional": label("Input Integer")}

    def run(self, default_value, label=None):
        return (default_value,)


class FSLoadImage:
    """No VALIDATE_INPUTS: only files directly in input/ pass, as in the public pack."""

    CATEGORY, FUNCTION = "FlowScale/Media/Image", "run"
    RETURN_TYPES, RETURN_NAMES = ("IMAGE",), ("image",)

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"image": (inputs_named(*PICTURES), {"image_upload": True})}, "optional": label("Input Image")}

    def run(self, image, label=None):
        path = os.path.join(folder_paths.get_input_directory(), image)
        try:
            picture = Image.open(path).convert("RGB")
        except Exception as error:
            raise ValueError(f"Error loading image: {error}") from error
        return (torch.from_numpy(np.asarray(picture, dtype=np.float32) / 255.0).unsqueeze(0),)


class FSLoadVideo:
    CATEGORY, FUNCTION = "FlowScale/Media/Video", "run"
    RETURN_TYPES, RETURN_NAMES = ("IMAGE",), ("IMAGES",)

    @classmethod
    def INPUT_TYPES(cls):
        return {
            "required": {
                "video": (inputs_named(*FILMS),),
                "skip_first_frames": ("INT", {"default": 0, "min": 0, "max": 10000}),
                "select_every_nth": ("INT", {"default": 1, "min": 1, "max": 100}),
            },
            "optional": label("Input Video"),
            "hidden": {"prompt": "PROMPT", "extra_pnginfo": "EXTRA_PNGINFO"},
        }

    @classmethod
    def IS_CHANGED(cls, video, **others):
        return os.path.getmtime(folder_paths.get_annotated_filepath(video))

    @classmethod
    def VALIDATE_INPUTS(cls, video, **others):
        return folder_paths.exists_annotated_filepath(video) or f"Invalid video file: {video}"

    def run(self, video, skip_first_frames=0, select_every_nth=1, label=None, prompt=None, extra_pnginfo=None):
        import av

        path = folder_paths.get_annotated_filepath(video)
        with av.open(path) as film:
            stream = film.streams.video[0]
            rate = float(stream.average_rate or 0)
            frames = [frame.to_ndarray(format="rgb24") for frame in film.decode(stream)]
        kept = frames[skip_first_frames::select_every_nth]
        if not kept:
            raise ValueError("No frames could be extracted from the video")
        about = {
            "filename": os.path.basename(path),
            "type": "input",
            "fps": rate,
            "total_frames": len(frames),
            "format": path.rpartition(".")[2],
            "url": f"file={path}",
        }
        # The public node nests "ui" twice, so history shows {"ui": ["video"]} for it.
        return {
            "ui": {"ui": {"video": [about]}},
            "result": (torch.from_numpy(np.stack(kept).astype(np.float32) / 255.0),),
        }


class FSLoadAudio:
    CATEGORY, FUNCTION = "FlowScale/Media/Audio", "run"
    RETURN_TYPES, RETURN_NAMES = ("AUDIO",), ("audio",)

    @classmethod
    def INPUT_TYPES(cls):
        files = folder_paths.filter_files_content_types(os.listdir(folder_paths.get_input_directory()), ["audio"])
        return {"required": {"audio": (sorted(files),)}, "optional": label("Input Audio")}

    @classmethod
    def IS_CHANGED(cls, audio, **others):
        return os.path.getmtime(folder_paths.get_annotated_filepath(audio))

    @classmethod
    def VALIDATE_INPUTS(cls, audio, **others):
        return folder_paths.exists_annotated_filepath(audio) or f"Invalid audio file: {audio}"

    def run(self, audio, label=None):
        import av

        path = folder_paths.get_annotated_filepath(audio)
        with av.open(path) as sound:
            stream = sound.streams.audio[0]
            to_float = av.AudioResampler(format="fltp", layout=stream.layout, rate=stream.rate)
            parts = [out.to_ndarray() for frame in sound.decode(stream) for out in to_float.resample(frame)]
        wave_form = torch.from_numpy(np.concatenate(parts, axis=1))
        about = {
            "filename": os.path.basename(path),
            "type": "input",
            "sample_rate": stream.rate,
            "channels": wave_form.shape[0],
            "duration": wave_form.shape[1] / stream.rate,
        }
        return {
            "ui": {"audio": [about]},
            "result": ({"waveform": wave_form.unsqueeze(0), "sample_rate": stream.rate},),
        }


class FSSaveText:
    """The file is written, but only the text is reported."""

    CATEGORY, FUNCTION, OUTPUT_NODE = "FlowScale/Media/Text", "run", True
    RETURN_TYPES = RETURN_NAMES = ()

    @classmethod
    def INPUT_TYPES(cls):
        return {
            "required": {
                "text": ("STRING", {"forceInput": True}),
                "filename_prefix": ("STRING", {"default": "FlowScale"}),
            },
            "optional": label("Output Text"),
        }

    def run(self, text, filename_prefix="FlowScale", label=None):
        path = os.path.join(folder_paths.get_output_directory(), random_name(filename_prefix, "txt"))
        with open(path, "w", encoding="utf-8") as file:
            file.write(text or "")
        return {"ui": {"text": [text or ""]}, "result": ()}


class FSSaveInteger:
    """Reports nothing at all, like the public node: its value is in no answer of the API."""

    CATEGORY, FUNCTION, OUTPUT_NODE = "FlowScale/Media/Integer", "run", True
    RETURN_TYPES = RETURN_NAMES = ()

    @classmethod
    def INPUT_TYPES(cls):
        return {
            "required": {
                "integer": ("INT", {"forceInput": True}),
                "filename_prefix": ("STRING", {"default": "FlowScale"}),
            },
            "optional": label("Output Text"),
        }

    def run(self, integer, filename_prefix="FlowScale", label=None):
        path = os.path.join(folder_paths.get_output_directory(), random_name(filename_prefix, "txt"))
        with open(path, "w", encoding="utf-8") as file:
            file.write(str(integer or 0))
        return ()


class FSSaveImage:
    """Six random digits, no counter; "jpg" becomes the ending "jpeg"; no metadata in the file."""

    CATEGORY, FUNCTION, OUTPUT_NODE = "FlowScale/Media/Image", "run", True
    RETURN_TYPES, RETURN_NAMES = ("STRING",), ("filepath",)

    @classmethod
    def INPUT_TYPES(cls):
        return {
            "required": {
                "images": ("IMAGE",),
                "filename_prefix": ("STRING", {"default": "FlowScale"}),
                "format": (list(PICTURES), {"default": "png"}),
            },
            "optional": {
                **label("Output Image"),
                "quality": ("INT", {"default": 95, "min": 1, "max": 100, "step": 1}),
                "lossless": ("BOOLEAN", {"default": False, "tooltip": "Use lossless compression for webp/avif"}),
            },
        }

    def run(self, images, filename_prefix="FlowScale", format="png", label=None, quality=95, lossless=False):
        if format in ("avif", "heif"):
            raise ValueError(f"This test server cannot write {format}: use png, jpg or webp")
        folder = folder_paths.get_output_directory()
        shown = []
        for image in images:
            name = random_name(filename_prefix, "jpeg" if format == "jpg" else format)
            picture = Image.fromarray((image.cpu().numpy() * 255).astype(np.uint8))
            how = {"jpg": {"quality": quality}, "webp": {"quality": quality, "lossless": lossless}}
            picture.save(os.path.join(folder, name), **how.get(format.replace("jpeg", "jpg"), {}))
            shown.append({"filename": name, "subfolder": "", "type": "output"})
        first = os.path.join(folder, shown[0]["filename"]) if shown else ""
        return {"ui": {"images": shown}, "result": (first,)}


class FSSaveVideo:
    """Under the key "gifs", with the server's own absolute path as "fullpath"."""

    CATEGORY, FUNCTION, OUTPUT_NODE = "FlowScale/Media/Video", "run", True
    RETURN_TYPES, RETURN_NAMES = ("STRING",), ("video_path",)

    @classmethod
    def INPUT_TYPES(cls):
        return {
            "required": {
                "images": ("IMAGE",),
                "filename_prefix": ("STRING", {"default": "FlowScale"}),
                "fps": ("FLOAT", {"default": 24.0, "min": 1.0, "max": 120.0, "step": 0.1}),
            },
            "optional": {
                "quality": ("INT", {"default": 95, "min": 1, "max": 100, "step": 1}),
                **label("Output Video"),
            },
            "hidden": {"prompt": "PROMPT", "extra_pnginfo": "EXTRA_PNGINFO"},
        }

    def run(self, images, filename_prefix="FlowScale", fps=24.0, quality=95, label=None, prompt=None, extra_pnginfo=None):
        from fractions import Fraction

        import av

        folder, stem, counter, subfolder, _ = folder_paths.get_save_image_path(
            filename_prefix, folder_paths.get_output_directory()
        )
        while os.path.exists(path := os.path.join(folder, f"{stem}_{counter:05}.mp4")):
            counter += 1
        with av.open(path, "w") as film:
            stream = film.add_stream("mpeg4", rate=Fraction(fps).limit_denominator(1000))
            stream.height, stream.width = images.shape[1] // 2 * 2, images.shape[2] // 2 * 2
            for image in images:
                frame = av.VideoFrame.from_ndarray((image.cpu().numpy() * 255).astype(np.uint8), format="rgb24")
                film.mux(stream.encode(frame))
            film.mux(stream.encode(None))
        about = {
            "filename": os.path.basename(path),
            "subfolder": subfolder,
            "type": "output",
            "frame_rate": fps,
            "total_frames": len(images),
            "format": "video/mp4",
            "fullpath": path,
        }
        return {"ui": {"gifs": [about]}, "result": (path,)}


class FSSaveAudio:
    CATEGORY, FUNCTION, OUTPUT_NODE = "FlowScale/Media/Audio", "run", True
    RETURN_TYPES = RETURN_NAMES = ()

    @classmethod
    def INPUT_TYPES(cls):
        return {
            "required": {"audio": ("AUDIO",), "filename_prefix": ("STRING", {"default": "FlowScale"})},
            "optional": {
                "format": (["flac", "wav", "mp3", "ogg"], {"default": "flac"}),
                "quality": ("INT", {"default": 95, "min": 1, "max": 100, "step": 1}),
                **label("Output Audio"),
            },
            "hidden": {"prompt": "PROMPT", "extra_pnginfo": "EXTRA_PNGINFO"},
        }

    def run(self, audio, filename_prefix, format="flac", quality=95, label=None, prompt=None, extra_pnginfo=None):
        if format != "wav":
            raise ValueError(f"This test server cannot write {format}: use wav")
        folder, stem, counter, subfolder, _ = folder_paths.get_save_image_path(
            filename_prefix, folder_paths.get_output_directory()
        )
        saved = []
        for sound in audio["waveform"].cpu():
            name = f"{stem}_{counter:05}_.{format}"
            with wave.open(os.path.join(folder, name), "wb") as file:
                file.setparams((sound.shape[0], 2, audio["sample_rate"], 0, "NONE", ""))
                file.writeframes((sound.clamp(-1, 1).T.contiguous().numpy() * 32767).astype("<i2").tobytes())
            saved.append({
                "filename": name,
                "subfolder": subfolder,
                "type": "output",
                "sample_rate": audio["sample_rate"],
                "channels": sound.shape[0],
                "format": format,
            })
            counter += 1
        return {"ui": {"audio": saved}}


NODE_CLASS_MAPPINGS = {
    cls.__name__: cls
    for cls in (
        FSLoadText, FSSaveText, FSLoadInteger, FSSaveInteger, FSLoadImage, FSSaveImage,
        FSLoadVideo, FSSaveVideo, FSLoadAudio, FSSaveAudio,
    )
}
NODE_DISPLAY_NAME_MAPPINGS = {
    name: "[FS] " + name[2:].replace("Load", "Load ").replace("Save", "Save ")
    + (" (Input)" if "Load" in name else " (Output)")
    for name in NODE_CLASS_MAPPINGS
}

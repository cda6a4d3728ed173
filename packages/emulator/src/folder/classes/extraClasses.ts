/** More classes of ComfyUI 0.3.64: see `knowClasses`. */
export const extraClasses = `
LatentBatch||LATENT|samples1 LATENT; samples2 LATENT
UpscaleModelLoader|Load Upscale Model|UPSCALE_MODEL|model_name COMBO
ImageUpscaleWithModel|Upscale Image (using Model)|IMAGE|upscale_model UPSCALE_MODEL; image IMAGE
ImageBlend||IMAGE|image1 IMAGE; image2 IMAGE; blend_factor FLOAT 0.5 0 1; blend_mode COMBO
ImageBlur||IMAGE|image IMAGE; blur_radius INT 1 1 31; sigma FLOAT 1 0.1 10
ImageSharpen||IMAGE|image IMAGE; sharpen_radius INT 1 1 31; sigma FLOAT 1 0.1 10; alpha FLOAT 1 0 5
ImageScaleToTotalPixels||IMAGE|image IMAGE; upscale_method COMBO; megapixels FLOAT 1 0.01 16
LatentCompositeMasked||LATENT|destination LATENT; source LATENT; x INT 0 0 16384; y INT 0 0 16384; resize_source BOOLEAN false; mask MASK
ImageCompositeMasked||IMAGE|destination IMAGE; source IMAGE; x INT 0 0 16384; y INT 0 0 16384; resize_source BOOLEAN false; mask MASK
MaskToImage|Convert Mask to Image|IMAGE|mask MASK
ImageToMask|Convert Image to Mask|MASK|image IMAGE; channel COMBO
ImageColorToMask||MASK|image IMAGE; color INT 0 0 16777215
SolidMask||MASK|value FLOAT 1 0 1; width INT 512 1 16384; height INT 512 1 16384
InvertMask||MASK|mask MASK
CropMask||MASK|mask MASK; x INT 0 0 16384; y INT 0 0 16384; width INT 512 1 16384; height INT 512 1 16384
MaskComposite||MASK|destination MASK; source MASK; x INT 0 0 16384; y INT 0 0 16384; operation COMBO
FeatherMask||MASK|mask MASK; left INT 0 0 16384; top INT 0 0 16384; right INT 0 0 16384; bottom INT 0 0 16384
GrowMask||MASK|mask MASK; expand INT 0 -16384 16384; tapered_corners BOOLEAN true
ThresholdMask||MASK|mask MASK; value FLOAT 0.5 0 1
CLIPTextEncodeSDXLRefiner||CONDITIONING|ascore FLOAT 6 0 1000; width INT 1024 0 16384; height INT 1024 0 16384; text TEXT; clip CLIP
CLIPTextEncodeSDXL||CONDITIONING|clip CLIP; width INT 1024 0 16384; height INT 1024 0 16384; crop_w INT 0 0 16384; crop_h INT 0 0 16384; target_width INT 1024 0 16384; target_height INT 1024 0 16384; text_g TEXT; text_l TEXT
SamplerCustom||LATENT,LATENT|model MODEL; add_noise BOOLEAN true; noise_seed INT 0 0 18446744073709551615; cfg FLOAT 8 0 100; positive CONDITIONING; negative CONDITIONING; sampler SAMPLER; sigmas SIGMAS; latent_image LATENT
BasicScheduler||SIGMAS|model MODEL; scheduler COMBO; steps INT 20 1 10000; denoise FLOAT 1 0 1
SDTurboScheduler||SIGMAS|model MODEL; steps INT 1 1 10; denoise FLOAT 1 0 1
KSamplerSelect||SAMPLER|sampler_name COMBO
SplitSigmas||SIGMAS,SIGMAS|sigmas SIGMAS; step INT 0 0 10000
FlipSigmas||SIGMAS|sigmas SIGMAS
CFGGuider||GUIDER|model MODEL; positive CONDITIONING; negative CONDITIONING; cfg FLOAT 8 0 100
DualCFGGuider||GUIDER|model MODEL; cond1 CONDITIONING; cond2 CONDITIONING; negative CONDITIONING; cfg_conds FLOAT 8 0 100; cfg_cond2_negative FLOAT 8 0 100; style COMBO
BasicGuider||GUIDER|model MODEL; conditioning CONDITIONING
RandomNoise||NOISE|noise_seed INT 0 0 18446744073709551615
SamplerCustomAdvanced||LATENT,LATENT|noise NOISE; guider GUIDER; sampler SAMPLER; sigmas SIGMAS; latent_image LATENT
ModelSamplingDiscrete||MODEL|model MODEL; sampling COMBO; zsnr BOOLEAN false
ModelSamplingSD3||MODEL|model MODEL; shift FLOAT 3 0 100
ModelSamplingAuraFlow||MODEL|model MODEL; shift FLOAT 1.73 0 100
ModelSamplingFlux||MODEL|model MODEL; max_shift FLOAT 1.15 0 100; base_shift FLOAT 0.5 0 100; width INT 1024 16 16384; height INT 1024 16 16384
ImageCrop|Image Crop|IMAGE|image IMAGE; width INT 512 1 16384; height INT 512 1 16384; x INT 0 0 16384; y INT 0 0 16384
RepeatImageBatch||IMAGE|image IMAGE; amount INT 1 1 4096
ImageFromBatch||IMAGE|image IMAGE; batch_index INT 0 0 4095; length INT 1 1 4096
ImageAddNoise||IMAGE|image IMAGE; seed INT 0 0 18446744073709551615; strength FLOAT 0.5 0 1
SaveAnimatedWEBP||!|images IMAGE; filename_prefix STRING; fps FLOAT 6 0.01 1000; lossless BOOLEAN true; quality INT 80 0 100; method COMBO
SaveAnimatedPNG||!|images IMAGE; filename_prefix STRING; fps FLOAT 6 0.01 1000; compress_level INT 4 0 9
ImageStitch|Image Stitch|IMAGE|image1 IMAGE; direction COMBO; match_image_size BOOLEAN true; spacing_width INT 0 0 1024; spacing_color COMBO; image2 IMAGE
ResizeAndPadImage||IMAGE|image IMAGE; target_width INT 512 1 16384; target_height INT 512 1 16384; padding_color COMBO; interpolation COMBO
GetImageSize|Get Image Size|INT,INT,INT|image IMAGE
ImageRotate||IMAGE|image IMAGE; rotation COMBO
ImageFlip||IMAGE|image IMAGE; flip_method COMBO
ImageScaleToMaxDimension||IMAGE|image IMAGE; upscale_method COMBO; largest_size INT 512 0 16384
ImageOnlyCheckpointLoader|Image Only Checkpoint Loader (img2vid model)|MODEL,CLIP_VISION,VAE|ckpt_name COMBO
SD_4XUpscale_Conditioning||CONDITIONING,CONDITIONING,LATENT|images IMAGE; positive CONDITIONING; negative CONDITIONING; scale_ratio FLOAT 4 0 10; noise_augmentation FLOAT 0 0 1
StableCascade_EmptyLatentImage||LATENT,LATENT|width INT 1024 256 16384; height INT 1024 256 16384; compression INT 42 4 128; batch_size INT 1 1 4096
InstructPixToPixConditioning||CONDITIONING,CONDITIONING,LATENT|positive CONDITIONING; negative CONDITIONING; vae VAE; pixels IMAGE
TripleCLIPLoader||CLIP|clip_name1 COMBO; clip_name2 COMBO; clip_name3 COMBO
EmptySD3LatentImage||LATENT|width INT 1024 16 16384; height INT 1024 16 16384; batch_size INT 1 1 4096
CLIPTextEncodeSD3||CONDITIONING|clip CLIP; clip_l TEXT; clip_g TEXT; t5xxl TEXT; empty_padding COMBO
ControlNetApplySD3|Apply Controlnet with VAE|CONDITIONING,CONDITIONING|positive CONDITIONING; negative CONDITIONING; control_net CONTROL_NET; vae VAE; image IMAGE; strength FLOAT 1 0 10; start_percent FLOAT 0 0 1; end_percent FLOAT 1 0 1
SetUnionControlNetType||CONTROL_NET|control_net CONTROL_NET; type COMBO
ControlNetInpaintingAliMamaApply||CONDITIONING,CONDITIONING|positive CONDITIONING; negative CONDITIONING; control_net CONTROL_NET; vae VAE; image IMAGE; mask MASK; strength FLOAT 1 0 10; start_percent FLOAT 0 0 1; end_percent FLOAT 1 0 1
CLIPTextEncodeFlux||CONDITIONING|clip CLIP; clip_l TEXT; t5xxl TEXT; guidance FLOAT 3.5 0 100
FluxGuidance||CONDITIONING|conditioning CONDITIONING; guidance FLOAT 3.5 0 100
FluxDisableGuidance||CONDITIONING|conditioning CONDITIONING
FluxKontextImageScale||IMAGE|image IMAGE
FluxKontextMultiReferenceLatentMethod||CONDITIONING|conditioning CONDITIONING; reference_latents_method COMBO
CLIPTextEncodeLumina2|CLIP Text Encode for Lumina2|CONDITIONING|system_prompt COMBO; user_prompt TEXT; clip CLIP
PrimitiveString|String|STRING|value STRING
PrimitiveStringMultiline|String (Multiline)|STRING|value TEXT
PrimitiveInt|Int|INT|value INT - -9223372036854775807 9223372036854775807
PrimitiveFloat|Float|FLOAT|value FLOAT - -9223372036854775807 9223372036854775807
PrimitiveBoolean|Boolean|BOOLEAN|value BOOLEAN
QuadrupleCLIPLoader||CLIP|clip_name1 COMBO; clip_name2 COMBO; clip_name3 COMBO; clip_name4 COMBO
CLIPTextEncodeHiDream||CONDITIONING|clip CLIP; clip_l TEXT; clip_g TEXT; t5xxl TEXT; llama TEXT
PreviewAny|Preview Any|!|source *
StringConcatenate|Concatenate|STRING|string_a TEXT; string_b TEXT; delimiter STRING
StringSubstring|Substring|STRING|string TEXT; start INT; end INT
CaseConverter|Case Converter|STRING|string TEXT; mode COMBO
StringTrim|Trim|STRING|string TEXT; mode COMBO
StringReplace|Replace|STRING|string TEXT; find TEXT; replace TEXT
RegexExtract|Regex Extract|STRING|string TEXT; regex_pattern TEXT; mode COMBO; case_insensitive BOOLEAN true; multiline BOOLEAN false; dotall BOOLEAN false; group_index INT 1 0 100
RegexReplace|Regex Replace|STRING|string TEXT; regex_pattern TEXT; replace TEXT; case_insensitive BOOLEAN true; multiline BOOLEAN false; dotall BOOLEAN false; count INT 0 0 100
TextEncodeQwenImageEdit||CONDITIONING|clip CLIP; prompt TEXT; vae VAE; image IMAGE
TextEncodeQwenImageEditPlus||CONDITIONING|clip CLIP; prompt TEXT; vae VAE; image1 IMAGE; image2 IMAGE; image3 IMAGE
CLIPSave||!|clip CLIP; filename_prefix STRING
CheckpointSave|Save Checkpoint|!|model MODEL; clip CLIP; vae VAE; filename_prefix STRING
GLIGENTextBoxApply||CONDITIONING|conditioning_to CONDITIONING; clip CLIP; gligen_textbox_model GLIGEN; text TEXT; width INT 64 8 16384; height INT 64 8 16384; x INT 0 0 16384; y INT 0 0 16384
ImageOnlyCheckpointSave||!|model MODEL; clip_vision CLIP_VISION; vae VAE; filename_prefix STRING
Load3D|Load 3D|IMAGE,MASK,STRING,IMAGE,IMAGE,LOAD3D_CAMERA,VIDEO|model_file file_upload; image LOAD_3D; width INT 1024 1 4096; height INT 1024 1 4096
Load3DAnimation|Load 3D - Animation|IMAGE,MASK,STRING,IMAGE,LOAD3D_CAMERA,VIDEO|model_file file_upload; image LOAD_3D_ANIMATION; width INT 1024 1 4096; height INT 1024 1 4096
LoraSave|Extract and Save Lora|!|filename_prefix STRING; rank INT 8 1 4096; lora_type COMBO; bias_diff BOOLEAN true; model_diff MODEL; text_encoder_diff CLIP
LossGraphNode|Plot Loss Graph|!|loss LOSS_MAP; filename_prefix STRING
ModelSave||!|model MODEL; filename_prefix STRING
PhotoMakerEncode||CONDITIONING|photomaker PHOTOMAKER; image IMAGE; clip CLIP; text TEXT
StringLength|Length|INT|string TEXT
TrainLoraNode|Train LoRA|MODEL,LORA_MODEL,LOSS_MAP,INT|model MODEL; latents LATENT; positive CONDITIONING; batch_size INT 1 1 10000; grad_accumulation_steps INT 1 1 1024; steps INT 16 1 100000; learning_rate FLOAT 0.0005 1e-07 1; rank INT 8 1 128; optimizer COMBO; loss_function COMBO; seed INT 0 0 18446744073709551615; training_dtype COMBO; lora_dtype COMBO; algorithm COMBO; gradient_checkpointing BOOLEAN true; existing_lora COMBO
VAESave||!|vae VAE; filename_prefix STRING
`

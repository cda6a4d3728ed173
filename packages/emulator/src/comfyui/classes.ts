/**
 * Node classes of ComfyUI 0.3.64, of FlowScale's nodes and of the video nodes that many workflows use: the parts of
 * `/object_info` that the reading of workflows needs. A line is `class|name in the editor, if another|outputs|fields`, and
 * a `!` before the outputs marks a node that saves. A field is `name type`, with its default, least and largest value;
 * `TEXT` has several lines, `LINK` is set by a link alone, and a list of words are choices. The choices of a `COMBO` come
 * from a server: models, samplers, files. The last classes name no input and no output, and stand without their fields.
 */
export const classes = `
KSampler||LATENT|model MODEL; seed INT 0 0 18446744073709551615; steps INT 20 1 10000; cfg FLOAT 8 0 100; sampler_name COMBO; scheduler COMBO; positive CONDITIONING; negative CONDITIONING; latent_image LATENT; denoise FLOAT 1 0 1
CheckpointLoaderSimple|Load Checkpoint|MODEL,CLIP,VAE|ckpt_name COMBO
CLIPTextEncode|CLIP Text Encode (Prompt)|CONDITIONING|text TEXT; clip CLIP
CLIPSetLastLayer|CLIP Set Last Layer|CLIP|clip CLIP; stop_at_clip_layer INT -1 -24 -1
VAEDecode|VAE Decode|IMAGE|samples LATENT; vae VAE
VAEEncode|VAE Encode|LATENT|pixels IMAGE; vae VAE
VAEEncodeForInpaint|VAE Encode (for Inpainting)|LATENT|pixels IMAGE; vae VAE; mask MASK; grow_mask_by INT 6 0 64
VAELoader|Load VAE|VAE|vae_name COMBO
EmptyLatentImage|Empty Latent Image|LATENT|width INT 512 16 16384; height INT 512 16 16384; batch_size INT 1 1 4096
LatentUpscale|Upscale Latent|LATENT|samples LATENT; upscale_method COMBO; width INT 512 0 16384; height INT 512 0 16384; crop COMBO
LatentUpscaleBy|Upscale Latent By|LATENT|samples LATENT; upscale_method COMBO; scale_by FLOAT 1.5 0.01 8
LatentFromBatch|Latent From Batch|LATENT|samples LATENT; batch_index INT 0 0 63; length INT 1 1 64
RepeatLatentBatch|Repeat Latent Batch|LATENT|samples LATENT; amount INT 1 1 64
SaveImage|Save Image|!|images IMAGE; filename_prefix STRING
PreviewImage|Preview Image|!|images IMAGE
LoadImage|Load Image|IMAGE,MASK|image image_upload
LoadImageMask|Load Image (as Mask)|MASK|image image_upload; channel COMBO
LoadImageOutput|Load Image (from Outputs)|IMAGE,MASK|image image_upload
ImageScale|Upscale Image|IMAGE|image IMAGE; upscale_method COMBO; width INT 512 0 16384; height INT 512 0 16384; crop COMBO
ImageScaleBy|Upscale Image By|IMAGE|image IMAGE; upscale_method COMBO; scale_by FLOAT 1 0.01 8
ImageInvert|Invert Image|IMAGE|image IMAGE
ImageBatch|Batch Images|IMAGE|image1 IMAGE; image2 IMAGE
ImagePadForOutpaint|Pad Image for Outpainting|IMAGE,MASK|image IMAGE; left INT 0 0 16384; top INT 0 0 16384; right INT 0 0 16384; bottom INT 0 0 16384; feathering INT 40 0 16384
EmptyImage||IMAGE|width INT 512 1 16384; height INT 512 1 16384; batch_size INT 1 1 4096; color INT 0 0 16777215
ConditioningAverage||CONDITIONING|conditioning_to CONDITIONING; conditioning_from CONDITIONING; conditioning_to_strength FLOAT 1 0 1
ConditioningCombine|Conditioning (Combine)|CONDITIONING|conditioning_1 CONDITIONING; conditioning_2 CONDITIONING
ConditioningConcat|Conditioning (Concat)|CONDITIONING|conditioning_to CONDITIONING; conditioning_from CONDITIONING
ConditioningSetArea|Conditioning (Set Area)|CONDITIONING|conditioning CONDITIONING; width INT 64 64 16384; height INT 64 64 16384; x INT 0 0 16384; y INT 0 0 16384; strength FLOAT 1 0 10
ConditioningSetAreaPercentage|Conditioning (Set Area with Percentage)|CONDITIONING|conditioning CONDITIONING; width FLOAT 1 0 1; height FLOAT 1 0 1; x FLOAT 0 0 1; y FLOAT 0 0 1; strength FLOAT 1 0 10
ConditioningSetAreaStrength||CONDITIONING|conditioning CONDITIONING; strength FLOAT 1 0 10
ConditioningSetMask|Conditioning (Set Mask)|CONDITIONING|conditioning CONDITIONING; mask MASK; strength FLOAT 1 0 10; set_cond_area COMBO
KSamplerAdvanced|KSampler (Advanced)|LATENT|model MODEL; add_noise COMBO; noise_seed INT 0 0 18446744073709551615; steps INT 20 1 10000; cfg FLOAT 8 0 100; sampler_name COMBO; scheduler COMBO; positive CONDITIONING; negative CONDITIONING; latent_image LATENT; start_at_step INT 0 0 10000; end_at_step INT 10000 0 10000; return_with_leftover_noise COMBO
SetLatentNoiseMask|Set Latent Noise Mask|LATENT|samples LATENT; mask MASK
LatentCrop|Crop Latent|LATENT|samples LATENT; width INT 512 64 16384; height INT 512 64 16384; x INT 0 0 16384; y INT 0 0 16384
LoraLoader|Load LoRA|MODEL,CLIP|model MODEL; clip CLIP; lora_name COMBO; strength_model FLOAT 1 -100 100; strength_clip FLOAT 1 -100 100
CLIPLoader|Load CLIP|CLIP|clip_name COMBO; type COMBO; device COMBO
UNETLoader|Load Diffusion Model|MODEL|unet_name COMBO; weight_dtype COMBO
DualCLIPLoader||CLIP|clip_name1 COMBO; clip_name2 COMBO; type COMBO; device COMBO
CLIPVisionEncode|CLIP Vision Encode|CLIP_VISION_OUTPUT|clip_vision CLIP_VISION; image IMAGE; crop COMBO
StyleModelApply|Apply Style Model|CONDITIONING|conditioning CONDITIONING; style_model STYLE_MODEL; clip_vision_output CLIP_VISION_OUTPUT; strength FLOAT 1 0 10; strength_type COMBO
unCLIPConditioning||CONDITIONING|conditioning CONDITIONING; clip_vision_output CLIP_VISION_OUTPUT; strength FLOAT 1 -10 10; noise_augmentation FLOAT 0 0 1
ControlNetApply|Apply ControlNet (OLD)|CONDITIONING|conditioning CONDITIONING; control_net CONTROL_NET; image IMAGE; strength FLOAT 1 0 10
ControlNetApplyAdvanced|Apply ControlNet|CONDITIONING,CONDITIONING|positive CONDITIONING; negative CONDITIONING; control_net CONTROL_NET; image IMAGE; strength FLOAT 1 0 10; start_percent FLOAT 0 0 1; end_percent FLOAT 1 0 1; vae VAE
ControlNetLoader|Load ControlNet Model|CONTROL_NET|control_net_name COMBO
StyleModelLoader|Load Style Model|STYLE_MODEL|style_model_name COMBO
CLIPVisionLoader|Load CLIP Vision|CLIP_VISION|clip_name COMBO
VAEDecodeTiled|VAE Decode (Tiled)|IMAGE|samples LATENT; vae VAE; tile_size INT 512 64 4096; overlap INT 64 0 4096; temporal_size INT 64 8 4096; temporal_overlap INT 8 4 4096
VAEEncodeTiled|VAE Encode (Tiled)|LATENT|pixels IMAGE; vae VAE; tile_size INT 512 64 4096; overlap INT 64 0 4096; temporal_size INT 64 8 4096; temporal_overlap INT 8 4 4096
InpaintModelConditioning||CONDITIONING,CONDITIONING,LATENT|positive CONDITIONING; negative CONDITIONING; vae VAE; pixels IMAGE; mask MASK; noise_mask BOOLEAN true
ConditioningZeroOut||CONDITIONING|conditioning CONDITIONING
ConditioningSetTimestepRange||CONDITIONING|conditioning CONDITIONING; start FLOAT 0 0 1; end FLOAT 1 0 1
LoraLoaderModelOnly||MODEL|model MODEL; lora_name COMBO; strength_model FLOAT 1 -100 100
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
SVD_img2vid_Conditioning||CONDITIONING,CONDITIONING,LATENT|clip_vision CLIP_VISION; init_image IMAGE; vae VAE; width INT 1024 16 16384; height INT 576 16 16384; video_frames INT 14 1 4096; motion_bucket_id INT 127 1 1023; fps INT 6 1 1024; augmentation_level FLOAT 0 0 10
EmptyLatentAudio|Empty Latent Audio|LATENT|seconds FLOAT 47.6 1 1000; batch_size INT 1 1 4096
VAEEncodeAudio|VAE Encode Audio|LATENT|audio AUDIO; vae VAE
VAEDecodeAudio|VAE Decode Audio|AUDIO|samples LATENT; vae VAE
SaveAudio|Save Audio (FLAC)|!|audio AUDIO; filename_prefix STRING
SaveAudioMP3|Save Audio (MP3)|!|audio AUDIO; filename_prefix STRING; quality COMBO
SaveAudioOpus|Save Audio (Opus)|!|audio AUDIO; filename_prefix STRING; quality COMBO
LoadAudio|Load Audio|AUDIO|audio audio_upload
PreviewAudio|Preview Audio|!|audio AUDIO
ConditioningStableAudio||CONDITIONING,CONDITIONING|positive CONDITIONING; negative CONDITIONING; seconds_start FLOAT 0 0 1000; seconds_total FLOAT 47 0 1000
TrimAudioDuration|Trim Audio Duration|AUDIO|audio AUDIO; start_index FLOAT 0 -18446744073709551615 18446744073709551615; duration FLOAT 60 0
SplitAudioChannels|Split Audio Channels|AUDIO,AUDIO|audio AUDIO
AudioConcat|Audio Concat|AUDIO|audio1 AUDIO; audio2 AUDIO; direction COMBO
AudioMerge|Audio Merge|AUDIO|audio1 AUDIO; audio2 AUDIO; merge_method COMBO
EmptyAudio|Empty Audio|AUDIO|duration FLOAT 60 0 18446744073709551615; sample_rate INT 44100; channels INT 2 1 2
CLIPTextEncodeHunyuanDiT||CONDITIONING|clip CLIP; bert TEXT; mt5xl TEXT
TextEncodeHunyuanVideo_ImageToVideo||CONDITIONING|clip CLIP; clip_vision_output CLIP_VISION_OUTPUT; prompt TEXT; image_interleave INT 2 1 512
EmptyHunyuanLatentVideo||LATENT|width INT 848 16 16384; height INT 480 16 16384; length INT 25 1 16384; batch_size INT 1 1 4096
HunyuanImageToVideo||CONDITIONING,LATENT|positive CONDITIONING; vae VAE; width INT 848 16 16384; height INT 480 16 16384; length INT 53 1 16384; batch_size INT 1 1 4096; guidance_type COMBO; start_image IMAGE
EmptyHunyuanImageLatent||LATENT|width INT 2048 64 16384; height INT 2048 64 16384; batch_size INT 1 1 4096
EmptyMochiLatentVideo||LATENT|width INT 848 16 16384; height INT 480 16 16384; length INT 25 7 16384; batch_size INT 1 1 4096
EmptyLTXVLatentVideo||LATENT|width INT 768 64 16384; height INT 512 64 16384; length INT 97 1 16384; batch_size INT 1 1 4096
LTXVImgToVideo||CONDITIONING,CONDITIONING,LATENT|positive CONDITIONING; negative CONDITIONING; vae VAE; image IMAGE; width INT 768 64 16384; height INT 512 64 16384; length INT 97 9 16384; batch_size INT 1 1 4096; strength FLOAT 1 0 1
ModelSamplingLTXV||MODEL|model MODEL; max_shift FLOAT 2.05 0 100; base_shift FLOAT 0.95 0 100; latent LATENT
LTXVConditioning||CONDITIONING,CONDITIONING|positive CONDITIONING; negative CONDITIONING; frame_rate FLOAT 25 0 1000
LTXVScheduler||SIGMAS|steps INT 20 1 10000; max_shift FLOAT 2.05 0 100; base_shift FLOAT 0.95 0 100; stretch BOOLEAN true; terminal FLOAT 0.1 0 0.99; latent LATENT
LTXVAddGuide||CONDITIONING,CONDITIONING,LATENT|positive CONDITIONING; negative CONDITIONING; vae VAE; latent LATENT; image IMAGE; frame_idx INT 0 -9999 9999; strength FLOAT 1 0 1
LTXVPreprocess||IMAGE|image IMAGE; img_compression INT 35 0 100
LTXVCropGuides||CONDITIONING,CONDITIONING,LATENT|positive CONDITIONING; negative CONDITIONING; latent LATENT
EmptyCosmosLatentVideo||LATENT|width INT 1280 16 16384; height INT 704 16 16384; length INT 121 1 16384; batch_size INT 1 1 4096
CosmosImageToVideoLatent||LATENT|vae VAE; width INT 1280 16 16384; height INT 704 16 16384; length INT 121 1 16384; batch_size INT 1 1 4096; start_image IMAGE; end_image IMAGE
CosmosPredict2ImageToVideoLatent||LATENT|vae VAE; width INT 848 16 16384; height INT 480 16 16384; length INT 93 1 16384; batch_size INT 1 1 4096; start_image IMAGE; end_image IMAGE
SaveWEBM||!|images IMAGE; filename_prefix STRING; codec COMBO; fps FLOAT 24 0.01 1000; crf FLOAT 32 0 63
SaveVideo|Save Video|!|video VIDEO; filename_prefix STRING; format COMBO; codec COMBO
CreateVideo|Create Video|VIDEO|images IMAGE; fps FLOAT 30 1 120; audio AUDIO
GetVideoComponents|Get Video Components|IMAGE,AUDIO,FLOAT|video VIDEO
LoadVideo|Load Video|VIDEO|file video_upload
WanTrackToVideo||CONDITIONING,CONDITIONING,LATENT|positive CONDITIONING; negative CONDITIONING; vae VAE; tracks TEXT; width INT 832 16 16384; height INT 480 16 16384; length INT 81 1 16384; batch_size INT 1 1 4096; temperature FLOAT 220 1 1000; topk INT 2 1 10; start_image IMAGE; clip_vision_output CLIP_VISION_OUTPUT
WanImageToVideo||CONDITIONING,CONDITIONING,LATENT|positive CONDITIONING; negative CONDITIONING; vae VAE; width INT 832 16 16384; height INT 480 16 16384; length INT 81 1 16384; batch_size INT 1 1 4096; clip_vision_output CLIP_VISION_OUTPUT; start_image IMAGE
WanFunControlToVideo||CONDITIONING,CONDITIONING,LATENT|positive CONDITIONING; negative CONDITIONING; vae VAE; width INT 832 16 16384; height INT 480 16 16384; length INT 81 1 16384; batch_size INT 1 1 4096; clip_vision_output CLIP_VISION_OUTPUT; start_image IMAGE; control_video IMAGE
Wan22FunControlToVideo||CONDITIONING,CONDITIONING,LATENT|positive CONDITIONING; negative CONDITIONING; vae VAE; width INT 832 16 16384; height INT 480 16 16384; length INT 81 1 16384; batch_size INT 1 1 4096; ref_image IMAGE; control_video IMAGE
WanFunInpaintToVideo||CONDITIONING,CONDITIONING,LATENT|positive CONDITIONING; negative CONDITIONING; vae VAE; width INT 832 16 16384; height INT 480 16 16384; length INT 81 1 16384; batch_size INT 1 1 4096; clip_vision_output CLIP_VISION_OUTPUT; start_image IMAGE; end_image IMAGE
WanFirstLastFrameToVideo||CONDITIONING,CONDITIONING,LATENT|positive CONDITIONING; negative CONDITIONING; vae VAE; width INT 832 16 16384; height INT 480 16 16384; length INT 81 1 16384; batch_size INT 1 1 4096; clip_vision_start_image CLIP_VISION_OUTPUT; clip_vision_end_image CLIP_VISION_OUTPUT; start_image IMAGE; end_image IMAGE
WanVaceToVideo||CONDITIONING,CONDITIONING,LATENT,INT|positive CONDITIONING; negative CONDITIONING; vae VAE; width INT 832 16 16384; height INT 480 16 16384; length INT 81 1 16384; batch_size INT 1 1 4096; strength FLOAT 1 0 1000; control_video IMAGE; control_masks MASK; reference_image IMAGE
TrimVideoLatent||LATENT|samples LATENT; trim_amount INT 0 0 99999
WanCameraImageToVideo||CONDITIONING,CONDITIONING,LATENT|positive CONDITIONING; negative CONDITIONING; vae VAE; width INT 832 16 16384; height INT 480 16 16384; length INT 81 1 16384; batch_size INT 1 1 4096; clip_vision_output CLIP_VISION_OUTPUT; start_image IMAGE; camera_conditions WAN_CAMERA_EMBEDDING
WanPhantomSubjectToVideo||CONDITIONING,CONDITIONING,CONDITIONING,LATENT|positive CONDITIONING; negative CONDITIONING; vae VAE; width INT 832 16 16384; height INT 480 16 16384; length INT 81 1 16384; batch_size INT 1 1 4096; images IMAGE
WanSoundImageToVideo||CONDITIONING,CONDITIONING,LATENT|positive CONDITIONING; negative CONDITIONING; vae VAE; width INT 832 16 16384; height INT 480 16 16384; length INT 77 1 16384; batch_size INT 1 1 4096; audio_encoder_output AUDIO_ENCODER_OUTPUT; ref_image IMAGE; control_video IMAGE; ref_motion IMAGE
WanSoundImageToVideoExtend||CONDITIONING,CONDITIONING,LATENT|positive CONDITIONING; negative CONDITIONING; vae VAE; length INT 77 1 16384; video_latent LATENT; audio_encoder_output AUDIO_ENCODER_OUTPUT; ref_image IMAGE; control_video IMAGE
WanHuMoImageToVideo||CONDITIONING,CONDITIONING,LATENT|positive CONDITIONING; negative CONDITIONING; vae VAE; width INT 832 16 16384; height INT 480 16 16384; length INT 97 1 16384; batch_size INT 1 1 4096; audio_encoder_output AUDIO_ENCODER_OUTPUT; ref_image IMAGE
WanAnimateToVideo||CONDITIONING,CONDITIONING,LATENT,INT,INT,INT|positive CONDITIONING; negative CONDITIONING; vae VAE; width INT 832 16 16384; height INT 480 16 16384; length INT 77 1 16384; batch_size INT 1 1 4096; continue_motion_max_frames INT 5 1 16384; video_frame_offset INT 0 0 16384; clip_vision_output CLIP_VISION_OUTPUT; reference_image IMAGE; face_video IMAGE; pose_video IMAGE; background_video IMAGE; character_mask MASK; continue_motion IMAGE
Wan22ImageToVideoLatent||LATENT|vae VAE; width INT 1280 32 16384; height INT 704 32 16384; length INT 49 1 16384; batch_size INT 1 1 4096; start_image IMAGE
TextEncodeAceStepAudio||CONDITIONING|clip CLIP; tags TEXT; lyrics TEXT; lyrics_strength FLOAT 1 0 10
EmptyAceStepLatentAudio||LATENT|seconds FLOAT 120 1 1000; batch_size INT 1 1 4096
FSLoadText|[FS] Load Text (Input)|STRING|default_value TEXT; label STRING
FSLoadInteger|[FS] Load Integer (Input)|INT|default_value INT 0; label STRING
FSLoadImage|[FS] Load Image (Input)|IMAGE|image image_upload; label STRING
FSLoadVideo|[FS] Load Video (Input)|IMAGE|video COMBO; skip_first_frames INT 0 0 10000; select_every_nth INT 1 1 100; label STRING
FSLoadAudio|[FS] Load Audio (Input)|AUDIO|audio COMBO; label STRING
FSSaveText|[FS] Save Text (Output)|!|text LINK; filename_prefix STRING; label STRING
FSSaveInteger|[FS] Save Integer (Output)|!|integer LINK; filename_prefix STRING; label STRING
FSSaveImage|[FS] Save Image (Output)|!STRING|images IMAGE; filename_prefix STRING; format png,jpg,jpeg,webp,avif,heif; label STRING; quality INT 95 1 100; lossless BOOLEAN false
FSSaveVideo|[FS] Save Video (Output)|!STRING|images IMAGE; filename_prefix STRING; fps FLOAT 24 1 120; quality INT 95 1 100; label STRING
FSSaveAudio|[FS] Save Audio (Output)|!|audio AUDIO; filename_prefix STRING; format flac,wav,mp3,ogg; quality INT 95 1 100; label STRING
VHS_LoadVideo||IMAGE,INT,AUDIO|video COMBO
VHS_LoadVideoFFmpeg||IMAGE,MASK,AUDIO|video COMBO
VHS_LoadAudioUpload||AUDIO|audio COMBO
VHS_VideoCombine||!|images IMAGE; audio AUDIO; filename_prefix STRING
APG|Adaptive Projected Guidance|MODEL|
AddNoise||LATENT|
AlignYourStepsScheduler||SIGMAS|
AudioAdjustVolume|Audio Adjust Volume|AUDIO|
AudioEncoderEncode||AUDIO_ENCODER_OUTPUT|
AudioEncoderLoader||AUDIO_ENCODER|
BetaSamplingScheduler||SIGMAS|
CFGNorm||MODEL|
CFGZeroStar||MODEL|
CLIPAttentionMultiply||CLIP|
CLIPMergeAdd||CLIP|
CLIPMergeSimple||CLIP|
CLIPMergeSubtract||CLIP|
CLIPTextEncodeControlnet||CONDITIONING|
CLIPTextEncodePixArtAlpha||CONDITIONING|
Canny||IMAGE|
CheckpointLoader|Load Checkpoint With Config (DEPRECATED)|MODEL,CLIP,VAE|
ChromaRadianceOptions||MODEL|
CombineHooks2|Combine Hooks [2]|HOOKS|
CombineHooks4|Combine Hooks [4]|HOOKS|
CombineHooks8|Combine Hooks [8]|HOOKS|
ConditioningSetAreaPercentageVideo||CONDITIONING|
ConditioningSetDefaultCombine|Cond Set Default Combine|CONDITIONING|
ConditioningSetProperties|Cond Set Props|CONDITIONING|
ConditioningSetPropertiesAndCombine|Cond Set Props Combine|CONDITIONING|
ConditioningTimestepsRange|Timesteps Range|TIMESTEPS_RANGE,TIMESTEPS_RANGE,TIMESTEPS_RANGE|
ContextWindowsManual|Context Windows (Manual)|MODEL|
CreateHookKeyframe|Create Hook Keyframe|HOOK_KEYFRAMES|
CreateHookKeyframesFromFloats|Create Hook Keyframes From Floats|HOOK_KEYFRAMES|
CreateHookKeyframesInterpolated|Create Hook Keyframes Interp.|HOOK_KEYFRAMES|
CreateHookLora|Create Hook LoRA|HOOKS|
CreateHookLoraModelOnly|Create Hook LoRA (MO)|HOOKS|
CreateHookModelAsLora|Create Hook Model as LoRA|HOOKS|
CreateHookModelAsLoraModelOnly|Create Hook Model as LoRA (MO)|HOOKS|
DiffControlNetLoader|Load ControlNet Model (diff)|CONTROL_NET|
DifferentialDiffusion|Differential Diffusion|MODEL|
DiffusersLoader||MODEL,CLIP,VAE|
DisableNoise||NOISE|
EasyCache||MODEL|
EmptyChromaRadianceLatentImage||LATENT|
EmptyLatentHunyuan3Dv2||LATENT|
Epsilon Scaling||MODEL|
ExponentialScheduler||SIGMAS|
ExtendIntermediateSigmas||SIGMAS|
FreSca||MODEL|
FreeU||MODEL|
FreeU_V2||MODEL|
GITSScheduler||SIGMAS|
GLIGENLoader||GLIGEN|
Hunyuan3Dv2Conditioning||CONDITIONING,CONDITIONING|
Hunyuan3Dv2ConditioningMultiView||CONDITIONING,CONDITIONING|
HunyuanRefinerLatent||CONDITIONING,CONDITIONING,LATENT|
HyperTile||MODEL|
HypernetworkLoader||MODEL|
ImageQuantize||IMAGE|
ImageRGBToYUV||IMAGE,IMAGE,IMAGE|
ImageYUVToRGB||IMAGE|
JoinImageWithAlpha|Join Image with Alpha|IMAGE|
KarrasScheduler||SIGMAS|
LaplaceScheduler||SIGMAS|
LatentAdd||LATENT|
LatentApplyOperation||LATENT|
LatentApplyOperationCFG||MODEL|
LatentBatchSeedBehavior||LATENT|
LatentBlend|Latent Blend|LATENT|
LatentComposite|Latent Composite|LATENT|
LatentConcat||LATENT|
LatentCut||LATENT|
LatentFlip|Flip Latent|LATENT|
LatentInterpolate||LATENT|
LatentMultiply||LATENT|
LatentOperationSharpen||LATENT_OPERATION|
LatentOperationTonemapReinhard||LATENT_OPERATION|
LatentRotate|Rotate Latent|LATENT|
LatentSubtract||LATENT|
LazyCache||MODEL|
LoadImageSetFromFolderNode|Load Image Dataset from Folder|IMAGE|
LoadImageTextSetFromFolderNode|Load Image and Text Dataset from Folder|IMAGE,CONDITIONING|
LoadLatent||LATENT|
LoraModelLoader|Load LoRA Model|MODEL|
LotusConditioning||CONDITIONING|
Mahiro|Mahiro is so cute that she deserves a better guidance function!! (。・ω・。)|MODEL|
MaskPreview||!|
ModelComputeDtype||MODEL|
ModelMergeAdd||MODEL|
ModelMergeAuraflow||MODEL|
ModelMergeBlocks||MODEL|
ModelMergeCosmos14B||MODEL|
ModelMergeCosmos7B||MODEL|
ModelMergeCosmosPredict2_14B||MODEL|
ModelMergeCosmosPredict2_2B||MODEL|
ModelMergeFlux1||MODEL|
ModelMergeLTXV||MODEL|
ModelMergeMochiPreview||MODEL|
ModelMergeQwenImage||MODEL|
ModelMergeSD1||MODEL|
ModelMergeSD2||MODEL|
ModelMergeSD35_Large||MODEL|
ModelMergeSD3_2B||MODEL|
ModelMergeSDXL||MODEL|
ModelMergeSimple||MODEL|
ModelMergeSubtract||MODEL|
ModelMergeWAN2_1||MODEL|
ModelPatchLoader||MODEL_PATCH|
ModelSamplingContinuousEDM||MODEL|
ModelSamplingContinuousV||MODEL|
ModelSamplingStableCascade||MODEL|
Morphology|ImageMorphology|IMAGE|
OptimalStepsScheduler||SIGMAS|
PairConditioningCombine|Cond Pair Combine|CONDITIONING,CONDITIONING|
PairConditioningSetDefaultCombine|Cond Pair Set Default Combine|CONDITIONING,CONDITIONING|
PairConditioningSetProperties|Cond Pair Set Props|CONDITIONING,CONDITIONING|
PairConditioningSetPropertiesAndCombine|Cond Pair Set Props Combine|CONDITIONING,CONDITIONING|
PatchModelAddDownscale|PatchModelAddDownscale (Kohya Deep Shrink)|MODEL|
PerpNeg|Perp-Neg (DEPRECATED by PerpNegGuider)|MODEL|
PerpNegGuider||GUIDER|
PerturbedAttentionGuidance||MODEL|
PhotoMakerLoader||PHOTOMAKER|
PolyexponentialScheduler||SIGMAS|
PorterDuffImageComposite|Porter-Duff Image Composite|IMAGE,MASK|
Preview3D|Preview 3D|!|
Preview3DAnimation|Preview 3D - Animation|!|
QwenImageDiffsynthControlnet||MODEL|
RebatchImages|Rebatch Images|IMAGE|
RebatchLatents|Rebatch Latents|LATENT|
RecordAudio|Record Audio|AUDIO|
ReferenceLatent||CONDITIONING|
RegexMatch|Regex Match|BOOLEAN|
RenormCFG||MODEL|
RescaleCFG||MODEL|
SV3D_Conditioning||CONDITIONING,CONDITIONING,LATENT|
SamplerDPMAdaptative||SAMPLER|
SamplerDPMPP_2M_SDE||SAMPLER|
SamplerDPMPP_2S_Ancestral||SAMPLER|
SamplerDPMPP_3M_SDE||SAMPLER|
SamplerDPMPP_SDE||SAMPLER|
SamplerER_SDE||SAMPLER|
SamplerEulerAncestral||SAMPLER|
SamplerEulerAncestralCFGPP|SamplerEulerAncestralCFG++|SAMPLER|
SamplerEulerCFGpp|SamplerEulerCFG++|SAMPLER|
SamplerLCMUpscale||SAMPLER|
SamplerLMS||SAMPLER|
SamplerSASolver||SAMPLER|
SamplingPercentToSigma||FLOAT|
SaveGLB||!|
SaveLatent||!|
SaveLoRANode|Save LoRA Weights|!|
SaveSVGNode||!|
SelfAttentionGuidance|Self-Attention Guidance|MODEL|
SetClipHooks|Set CLIP Hooks|CLIP|
SetFirstSigma||SIGMAS|
SetHookKeyframes|Set Hook Keyframes|HOOKS|
SkipLayerGuidanceDiT||MODEL|
SkipLayerGuidanceDiTSimple||MODEL|
SkipLayerGuidanceSD3||MODEL|
SplitImageWithAlpha|Split Image with Alpha|IMAGE,MASK|
SplitSigmasDenoise||SIGMAS,SIGMAS|
StableCascade_StageB_Conditioning||CONDITIONING|
StableCascade_StageC_VAEEncode||LATENT,LATENT|
StableCascade_SuperResolutionControlnet||IMAGE,LATENT,LATENT|
StableZero123_Conditioning||CONDITIONING,CONDITIONING,LATENT|
StableZero123_Conditioning_Batched||CONDITIONING,CONDITIONING,LATENT|
StringCompare|Compare|BOOLEAN|
StringContains|Contains|BOOLEAN|
T5TokenizerOptions||CLIP|
TCFG|Tangential Damping CFG|MODEL|
TomePatchModel||MODEL|
TorchCompileModel||MODEL|
UNetCrossAttentionMultiply||MODEL|
UNetSelfAttentionMultiply||MODEL|
UNetTemporalAttentionMultiply||MODEL|
USOStyleReference||MODEL|
VAEDecodeHunyuan3D||VOXEL|
VPScheduler||SIGMAS|
VideoLinearCFGGuidance||MODEL|
VideoTriangleCFGGuidance||MODEL|
VoxelToMesh||MESH|
VoxelToMeshBasic||MESH|
WanCameraEmbedding||WAN_CAMERA_EMBEDDING,INT,INT,INT|
WanContextWindowsManual|WAN Context Windows (Manual)|MODEL|
WebcamCapture|Webcam Capture|IMAGE|
unCLIPCheckpointLoader||MODEL,CLIP,VAE,CLIP_VISION|
`

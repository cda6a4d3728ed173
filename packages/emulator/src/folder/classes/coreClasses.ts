/** The basic classes of ComfyUI 0.3.64: see `knowClasses`. */
export const coreClasses = `
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
`

/** Classes of ComfyUI 0.3.64 for films and sounds: see `knowClasses`. */
export const filmClasses = `
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
`

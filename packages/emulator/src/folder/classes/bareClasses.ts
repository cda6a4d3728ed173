/** Classes of ComfyUI 0.3.64 that name no input and no output, without their fields: see `knowClasses`. */
export const bareClasses = `
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

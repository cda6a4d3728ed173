/** Classes of FlowScale's nodes, and of the video nodes that many workflows use: see `knowClasses`. */
export const packClasses = `
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
`

// The title of a node, if its author gave one.
import type { KnownNode } from './types.ts'

/** The labels that FlowScale's nodes have before somebody changes them. */
const PRESET = /^(Input|Output) (Text|Integer|Image|Video|Audio)$/
const LONGEST = 64

/** The titles that ComfyUI gives to text encoders, loaders, save nodes and previews in other languages. */
const TRANSLATED = `
CLIP文本编码|CLIP文本编码器|加载图像|加载视频|加载音频|保存图像|保存视频|保存音频|预览图像|预览音频|预览任意
CLIP 文字編碼|載入圖片|載入影片|載入音訊|儲存圖片|儲存影片|儲存音訊|預覽圖片|預覽音訊|預覽任意
CLIPテキストエンコード|画像を読み込む|画像の読み込み|ビデオを読み込む|音声を読み込む
画像を保存|ビデオを保存|オーディオを保存|画像プレビュー|オーディオプレビュー|プレビュー任意
CLIP 텍스트 인코딩|이미지 로드|마스크 이미지 로드|비디오 불러오기|오디오 로드
이미지 저장|비디오 저장|오디오 저장|이미지 미리보기|오디오 미리듣기|미리보기 아무거나
Кодирование текста CLIP|Загрузить изображение|Загрузить видео|Загрузить аудио|Сохранить изображение|Сохранить видео
Сохранить аудио|Предварительный просмотр изображения|Предварительное прослушивание аудио|Предпросмотр любого
Charger Image|Charger l'image|Charger une vidéo|ChargerAudio|Enregistrer Image|Enregistrer la vidéo|EnregistrerAudio
Aperçu Image|AperçuAudio|Aperçu de n'importe quel
Codificar Texto CLIP|Cargar Imagen|Cargar video|CargarAudio|Guardar Imagen|Guardar video|GuardarAudio
Vista previa de imagen|Vista previa de audio|Vista previa de cualquier
CLIP Metin Kodlama|Görüntü Yükle|Video Yükle|Ses Yükle|Görüntüyü Kaydet|Videoyu Kaydet|Sesi Kaydet
Görüntüyü Önizle|Sesi Önizle|Herhangi Bir Şeyi Önizle
Codificação de Texto CLIP|Carregar Imagem|Carregar Vídeo|Carregar Áudio|Salvar Imagem|Salvar Vídeo|Salvar Áudio
Imagem de Pré-visualização|Pré-visualizar Áudio|Pré-visualizar como Texto
ترميز نص CLIP|تحميل صورة|تحميل فيديو|تحميل الصوت|حفظ الصورة|حفظ الفيديو|حفظ الصوت|معاينة الصورة|معاينة الصوت|معاينة أي
رمزگذاری متن CLIP|بارگذاری تصویر|بارگذاری ویدیو|بارگذاری صوت|ذخیره تصویر|ذخیره ویدیو|ذخیره صدا
پیش‌نمایش تصویر|پیش‌نمایش صوت|پیش‌نمایش به صورت متن`

/**
 * The text that the workflow's author wrote on a node, or an empty text: FlowScale's nodes have labels, others titles. A
 * title that is the name of the class, also with brackets after it, is none.
 */
export function titleOf(known: KnownNode): string {
  const { title, node, info } = known
  if (isFlowScale(known)) {
    const { label } = node.inputs
    return typeof label === 'string' && !PRESET.test(label) ? label : ''
  }
  const classNames = [node.class_type, String(info?.display_name)].flatMap(spellingsOf)
  const isPreset = spellingsOf(title).some((spelling) => classNames.includes(spelling))
  return isPreset || isTranslated(known) ? '' : title
}

const isFlowScale = ({ node }: KnownNode): boolean => /^FS(Load|Save)/.test(node.class_type)

/** Whether ComfyUI gave this title, in another language. Earlier versions took it for the author's. */
export const isTranslated = ({ title, node }: KnownNode): boolean =>
  !node.class_type.startsWith('FS') && spellingsOf(title).some((spelling) => translated.has(spelling))

/** The letters and digits, with and without a bracket at the end. */
function spellingsOf(title: string): string[] {
  const text = title.trimEnd()
  const short = /[)\]）】]$/.test(text) ? text.replace(/[([（【].*/s, '') : text
  return [title, short].map((text) => text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, ''))
}

const translated = new Set(TRANSLATED.split(/[\n|]/).flatMap(spellingsOf).filter(Boolean))

/** More is not read: to normalize many marks in a row takes quadratic time. */
export const LONGEST_TITLE = 500

/**
 * Makes a name of letters and digits of any script, and `_`: `Positive prompt` gives `positive_prompt`. It is empty if the
 * title has none of them.
 */
export function cleanName(title: string): string {
  const words = title
    .slice(0, LONGEST_TITLE)
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}]+/gu, '_')
  return [...words].slice(0, LONGEST).join('').replace(/^_|_$/g, '')
}

/** The name that earlier versions made of a node's title. Callers may still use it. */
export function earlierName(known: KnownNode): string {
  const { title, node, info } = known
  const isPreset = title === node.class_type || title === info?.display_name
  const own = isFlowScale(known) ? titleOf(known) : isPreset ? '' : title
  return own
    .slice(0, LONGEST)
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_|_$/g, '')
}

import type { WorkflowDefinition } from '../types.ts'
import { alwaysFails } from './alwaysFails.ts'
import { diptych } from './diptych.ts'
import { imageToImage } from './imageToImage.ts'
import { neverEnds } from './neverEnds.ts'
import { textToImage } from './textToImage.ts'
import { textToVideo } from './textToVideo.ts'
import { textWriter } from './textWriter.ts'
import { videoInfo } from './videoInfo.ts'

export function builtIn(): WorkflowDefinition[] {
  return [textToImage, imageToImage, diptych, alwaysFails, neverEnds, textWriter, videoInfo, textToVideo]
}

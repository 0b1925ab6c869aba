export type {
  CacheBreakpoint,
  FunctionCall,
  FunctionCallOutput,
  InputFile,
  InputImage,
  InputMessage,
  InputPart,
  InputText,
  Item,
  OutputMessage,
  OutputPart,
  Reasoning,
} from './items.ts'
export type { Request, TextFormat, Tool, ToolChoice } from './request.ts'

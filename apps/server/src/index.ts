export { type OAuth, type OAuthSettings, openOAuth } from './oauth/index.ts'

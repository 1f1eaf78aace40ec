// Reads a JSON array of texts, and writes a line for each: the hosts of the links that both linkifiers find in it.
import { readFileSync } from 'node:fs'
import { domainToASCII } from 'node:url'
import LinkifyIt from 'linkify-it'
import * as linkify from 'linkifyjs'

const linkifyIt = new LinkifyIt()

function host(url) {
  const [, name] = /^(?:[a-z][a-z0-9+.-]*:)?\/\/(?:[^/?#]*@)?(\[[^\]]*\]|[^/?#:]*)/i.exec(url) ?? []
  const plain = (name ?? '').toLowerCase().replace(/\.$/, '')
  return domainToASCII(plain) || plain
}

for (const text of JSON.parse(readFileSync(process.argv[2], 'utf8'))) {
  const one = (linkifyIt.match(text) ?? []).filter((link) => link.schema !== 'mailto:').map((link) => host(link.url))
  const other = new Set(linkify.find(text, 'url').map((link) => host(link.href)))
  console.log(one.filter((name) => name && other.has(name)).join(' '))
}

import { useRoute } from 'vitepress'
import theme from 'vitepress/theme'
import { nextTick, onMounted, watch } from 'vue'
import './style.css'

/** Scrolls the menu to the page that is open. */
async function showInMenu() {
  await nextTick()
  document.querySelector('.VPSidebar .is-active a.link.VPLink')?.scrollIntoView({ block: 'nearest' })
}

export default {
  ...theme,
  setup() {
    const route = useRoute()
    onMounted(showInMenu)
    watch(() => route.path, showInMenu)
  },
}

import type { DialogHTMLAttributes, JSX } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'

/** A dialog over the page, which is open while it has children. The browser gives the focus back when it closes. */
export function Dialog({ children, ...rest }: DialogHTMLAttributes<HTMLDialogElement>): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null)
  const isOpen = Boolean(children)
  useLayoutEffect(() => {
    if (isOpen) dialog.current?.showModal()
    else dialog.current?.close()
  }, [isOpen])
  return (
    <dialog ref={dialog} {...rest}>
      {children}
    </dialog>
  )
}

/** Closes the dialog around a button. */
export const closeDialog = ({ currentTarget }: { currentTarget: Element }): void =>
  currentTarget.closest('dialog')?.close()

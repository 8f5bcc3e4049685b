internal import Foundation

/// The system's words for an error number.
func systemErrorText(_ code: Int32) -> String {
    unsafe String(cString: strerror(code))
}

internal import Primitives

/// The bytes of a JSON document that is being written.
///
/// A value for the same reason as `JSONScanner`; each piece is appended with one check of the room that it needs.
struct JSONOutput {
    private(set) var bytes: [UInt8] = []
    /// Whether a value stands before the next one in the same container.
    private var needsComma = false
    /// Open arrays and objects.
    private(set) var depth = 0

    init(reserving capacity: Int) {
        self.bytes.reserveCapacity(capacity)
    }

    mutating func open(_ bracket: UInt8) {
        if self.needsComma { self.bytes.append(UInt8(ascii: ",")) }
        self.bytes.append(bracket)
        self.needsComma = false
        self.depth += 1
    }

    mutating func close(_ bracket: UInt8) {
        self.bytes.append(bracket)
        self.needsComma = true
        self.depth -= 1
    }

    /// A name and its colon.
    mutating func name(_ text: String) {
        let done: Void? = unsafe text.utf8.withContiguousStorageIfAvailable {
            unsafe self.quoted(UnsafeRawBufferPointer($0), isName: true)
        }
        if done == nil { self.name(Array(text.utf8).span) }
    }

    /// A name given as UTF-8, and its colon.
    mutating func name(_ text: Span<UInt8>) {
        unsafe text.withUnsafeBytes { unsafe self.quoted($0, isName: true) }
    }

    mutating func string(_ text: String) {
        let done: Void? = unsafe text.utf8.withContiguousStorageIfAvailable {
            unsafe self.quoted(UnsafeRawBufferPointer($0), isName: false)
        }
        if done == nil { self.string(Array(text.utf8).span) }
    }

    mutating func string(_ text: Span<UInt8>) {
        unsafe text.withUnsafeBytes { unsafe self.quoted($0, isName: false) }
    }

    /// A number or a literal.
    mutating func word(_ text: String) {
        self.separate()
        self.bytes.append(contentsOf: text.utf8)
    }

    mutating func integer(_ value: Int64) {
        self.separate()
        NumberText.append(value, to: &self.bytes)
    }

    /// A value that `append` writes, between quotes where told; it must need no escapes.
    mutating func raw(isQuoted: Bool, _ append: (inout [UInt8]) -> Void) {
        self.separate()
        if isQuoted { self.bytes.append(UInt8(ascii: "\"")) }
        append(&self.bytes)
        if isQuoted { self.bytes.append(UInt8(ascii: "\"")) }
    }

    private mutating func separate() {
        if self.needsComma { self.bytes.append(UInt8(ascii: ",")) }
        self.needsComma = true
    }

    @inline(__always)
    private mutating func quoted(_ text: UnsafeRawBufferPointer, isName: Bool) {
        let end = unsafe JSONText.endOfPlainRun(in: text, from: 0, stopsBeyondASCII: false)
        if end == text.count {
            unsafe self.appendPlain(text, isName: isName)
        } else {
            unsafe self.appendEscaped(text, isName: isName)
        }
        self.needsComma = !isName
    }

    /// `,"text":` without anything to escape, in one go.
    private mutating func appendPlain(_ text: UnsafeRawBufferPointer, isName: Bool) {
        let needsComma = self.needsComma
        self.bytes.append(addingCapacity: text.count + 4) { span in
            unsafe span.withUnsafeMutableBufferPointer { target, count in
                if needsComma {
                    unsafe target[count] = UInt8(ascii: ",")
                    count += 1
                }
                unsafe target[count] = UInt8(ascii: "\"")
                count += 1
                if let source = text.baseAddress, let base = target.baseAddress {
                    unsafe UnsafeMutableRawPointer(base + count).copyMemory(from: source, byteCount: text.count)
                }
                count += text.count
                unsafe target[count] = UInt8(ascii: "\"")
                count += 1
                if isName {
                    unsafe target[count] = UInt8(ascii: ":")
                    count += 1
                }
            }
        }
    }

    /// Runs without anything to escape are copied whole.
    @inline(never)
    private mutating func appendEscaped(_ text: UnsafeRawBufferPointer, isName: Bool) {
        if self.needsComma { self.bytes.append(UInt8(ascii: ",")) }
        self.bytes.append(UInt8(ascii: "\""))
        var start = 0
        while start < text.count {
            let end = unsafe JSONText.endOfPlainRun(in: text, from: start, stopsBeyondASCII: false)
            unsafe self.bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: text[start..<end]))
            if end < text.count { self.appendEscape(unsafe text[end]) }
            start = end + 1
        }
        self.bytes.append(UInt8(ascii: "\""))
        if isName { self.bytes.append(UInt8(ascii: ":")) }
    }

    private mutating func appendEscape(_ byte: UInt8) {
        self.bytes.append(0x5C)
        switch byte {
        case 0x22, 0x5C: self.bytes.append(byte)
        case 0x08: self.bytes.append(UInt8(ascii: "b"))
        case 0x09: self.bytes.append(UInt8(ascii: "t"))
        case 0x0A: self.bytes.append(UInt8(ascii: "n"))
        case 0x0C: self.bytes.append(UInt8(ascii: "f"))
        case 0x0D: self.bytes.append(UInt8(ascii: "r"))
        default:
            self.bytes.append(contentsOf: "u00".utf8)
            Hex.append(CollectionOfOne(byte), to: &self.bytes)
        }
    }
}

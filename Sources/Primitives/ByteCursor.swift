/// Writes into memory that was allocated beforehand, and never beyond it.
///
/// For texts of many small pieces, where each append to an array or a buffer would check again whether the storage is
/// shared and large enough.
@safe @usableFromInline
package struct ByteCursor {
    @usableFromInline
    let room: UnsafeMutableRawPointer?
    @usableFromInline
    let capacity: Int
    @usableFromInline
    var written = 0

    /// Bytes written so far.
    @inlinable
    package var count: Int { self.written }

    /// - Parameter room: outlives the cursor.
    @inlinable
    @unsafe
    package init(_ room: UnsafeMutableRawBufferPointer) {
        unsafe self.room = room.baseAddress
        self.capacity = room.count
    }

    @inlinable @inline(__always)
    package mutating func append(byte: UInt8) {
        precondition(self.written < self.capacity, "a text fits in the room made for it")
        unsafe self.room?.storeBytes(of: byte, toByteOffset: self.written, as: UInt8.self)
        self.written &+= 1
    }

    /// Four bytes, the lowest first.
    @inlinable @inline(__always)
    package mutating func append(word: UInt32) {
        precondition(self.capacity &- self.written >= 4, "a text fits in the room made for it")
        unsafe self.room?.storeBytes(of: word.littleEndian, toByteOffset: self.written, as: UInt32.self)
        self.written &+= 4
    }

    /// Eight bytes, the lowest first.
    @inlinable @inline(__always)
    package mutating func append(long: UInt64) {
        precondition(self.capacity &- self.written >= 8, "a text fits in the room made for it")
        unsafe self.room?.storeBytes(of: long.littleEndian, toByteOffset: self.written, as: UInt64.self)
        self.written &+= 8
    }

    @inlinable
    package mutating func append(_ bytes: Span<UInt8>) {
        unsafe bytes.withUnsafeBytes { unsafe self.append($0) }
    }

    /// A literal of this program; ASCII.
    @inlinable @inline(__always)
    package mutating func append(_ text: StaticString) {
        unsafe self.append(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// A number in decimal digits.
    @inlinable
    package mutating func append(decimal number: Int) {
        guard number >= 0 else {
            self.append(byte: UInt8(ascii: "-"))
            return self.append(digits: number.magnitude)
        }
        self.append(digits: UInt(bitPattern: number))
    }

    @inlinable
    mutating func append(digits number: UInt) {
        if number >= 10 { self.append(digits: number / 10) }
        self.append(byte: UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: number % 10))
    }

    @inlinable @inline(__always)
    package mutating func append(_ bytes: UnsafeRawBufferPointer) {
        guard let source = bytes.baseAddress else { return }
        precondition(bytes.count <= self.capacity &- self.written, "a text fits in the room made for it")
        unsafe self.room?.advanced(by: self.written).copyMemory(from: source, byteCount: bytes.count)
        self.written &+= bytes.count
    }
}

extension [UInt8] {
    /// Appends what `write` writes, at most `bytesMax` bytes, and checks the capacity only once for all of it.
    @inlinable @inline(__always)
    package mutating func append(bytesMax: Int, _ write: (inout ByteCursor) -> Void) {
        self.append(addingCapacity: bytesMax) { span in
            unsafe span.withUnsafeMutableBufferPointer { target, count in
                let room = unsafe UnsafeMutableBufferPointer(rebasing: target[count...])
                var cursor = unsafe ByteCursor(UnsafeMutableRawBufferPointer(room))
                write(&cursor)
                count += cursor.count
            }
        }
    }
}

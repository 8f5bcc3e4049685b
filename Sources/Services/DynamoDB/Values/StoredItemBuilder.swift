internal import Primitives

/// Appends a map's stored form, in one pass, without a tree.
///
/// The first value that breaks DynamoDB's rules is recorded in `failure`, and a valid value is stored in its place: AWS
/// reports errors of the whole document before it checks values, so the caller decides when to report the failure.
/// A value that is nested too deeply is stored whole, and is the failure only where there is no other.
struct StoredItemBuilder {
    /// The maximum nesting depth of an attribute, counting the attribute and the deepest value.
    /// - Source: DynamoDB Developer Guide, "Quotas", nested attribute depth.
    static let nestingMax = 32
    static let nameBytesMax = 65_535
    fileprivate static let nestingFailure = AttributeMap.Failure(
        attribute: "",
        message: "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond "
            + "supported limit"
    )

    private(set) var bytes: [UInt8] = []
    private var contentFailure: AttributeMap.Failure?
    /// Kept apart from the other failures: some operations accept any depth, and then another failure counts.
    private var isTooDeep = false
    /// The range of the name of the top-level attribute that is being appended. Not the bytes themselves: with a second
    /// reference to the buffer, each append would copy it.
    var attribute = 0..<0
    private var nesting = 0

    var failure: AttributeMap.Failure? { self.contentFailure ?? (self.isTooDeep ? Self.nestingFailure : nil) }

    /// `isMeasured`: `endMeasuring` will fill in the size at the end.
    init(isMeasured: Bool = false) {
        self.bytes.reserveCapacity(1024)
        if isMeasured {
            self.bytes.append(contentsOf: AttributeMap.measuredHeader)
        } else {
            self.bytes.append(AttributeMap.formatByte)
        }
    }

    /// Writes the charged size into the header.
    mutating func endMeasuring(_ chargedBytes: Int) {
        self.patch(UInt32(clamping: chargedBytes), at: 1)
    }

    mutating func fail(_ message: String) {
        guard self.contentFailure == nil else { return }
        self.contentFailure = AttributeMap.Failure(
            attribute: String(decoding: self.bytes[self.attribute], as: UTF8.self),
            message: message
        )
    }

    mutating func fail(_ failure: AttributeMap.Failure) {
        if self.contentFailure == nil { self.contentFailure = failure }
    }

    // The position of a map or list, so that its count and length can be written once they are known.

    struct Place {
        var offset: Int
        var count: UInt32 = 0
        /// The bytes of the count and, in nested maps and lists, of the length before it.
        var headerBytes = 8
    }

    /// A map's body: the content of an item, and what follows the length in an `M` value.
    mutating func beginMapBody() -> Place {
        let place = Place(offset: self.bytes.count, headerBytes: 4)
        self.appendZeros(4)
        return place
    }

    mutating func endMapBody(_ place: Place) {
        self.patch(place.count, at: place.offset)
    }

    /// Must be called before each value of a list or map and before each attribute of an item.
    mutating func checkNesting() {
        if self.nesting >= Self.nestingMax { self.isTooDeep = true }
    }

    mutating func beginMap() -> Place {
        self.bytes.append(AttributeType.m.rawValue)
        return self.beginNested()
    }

    mutating func beginList() -> Place {
        self.bytes.append(AttributeType.l.rawValue)
        return self.beginNested()
    }

    private mutating func beginNested() -> Place {
        self.nesting += 1
        let place = Place(offset: self.bytes.count)
        self.appendZeros(8)
        return place
    }

    mutating func endNested(_ place: Place) {
        self.nesting -= 1
        self.patch(UInt32(self.bytes.count - place.offset - 4), at: place.offset)
        self.patch(place.count, at: place.offset + 4)
    }

    /// Reserves two bytes for a name's length; the name is then appended to `bytes` and completed by `endName`.
    mutating func beginName() -> Int {
        self.appendZeros(2)
        return self.bytes.count
    }

    mutating func endName(_ start: Int) {
        let count = self.bytes.count - start
        if count == 0 { self.fail(ValidationFailure.emptyAttributeName.message) }
        if count > Self.nameBytesMax {
            self.fail("Attribute name is too large, must be less than 65536 bytes")
            self.bytes.removeSubrange((start + Self.nameBytesMax)...)
        }
        let stored = UInt16(min(count, Self.nameBytesMax))
        self.bytes[start - 2] = UInt8(stored >> 8)
        self.bytes[start - 1] = UInt8(stored & 0xFF)
    }

    /// Lets `append` write into the buffer, so that text is transferred from the wire without a copy.
    mutating func withBytes<Failure: Error>(
        _ append: (inout [UInt8]) throws(Failure) -> Void
    ) throws(Failure) {
        try append(&self.bytes)
    }

    mutating func appendType(_ type: AttributeType) {
        self.bytes.append(type.rawValue)
    }

    /// Changes the type byte that precedes a value's length and content.
    mutating func setType(_ type: AttributeType, before start: Int) {
        self.bytes[start - 5] = type.rawValue
    }

    /// Begins a value that has a length: appends its type and reserves four bytes for the length.
    mutating func beginBytes(_ type: AttributeType) -> Int {
        self.bytes.append(addingCapacity: 5) { span in
            span.append(type.rawValue)
            for _ in 0..<4 { span.append(0) }
        }
        return self.bytes.count
    }

    /// Appends a complete entry of a map: a name of at most `nameBytesMax` and a text or a number's text, with their
    /// lengths.
    /// - Returns: the range of the name, and the start of the text, which is at the end of the bytes.
    mutating func appendEntry(
        _ name: Span<UInt8>, _ type: AttributeType, _ text: Span<UInt8>
    ) -> (name: Range<Int>, textStart: Int) {
        // After the name's length of two bytes; after the type and the text's length of four.
        let nameStart = self.bytes.count + 2
        let nameEnd = nameStart + name.count
        self.bytes.append(bytesMax: name.count + text.count + 7) { entry in
            entry.append(byte: UInt8(truncatingIfNeeded: name.count >> 8))
            entry.append(byte: UInt8(truncatingIfNeeded: name.count))
            entry.append(name)
            entry.append(byte: type.rawValue)
            entry.append(word: UInt32(text.count).byteSwapped)
            entry.append(text)
        }
        return (nameStart..<nameEnd, nameEnd + 5)
    }

    /// Appends a complete entry of a map whose value is its type alone: a name of at most `nameBytesMax`, and the type.
    /// - Returns: as for a text, which this one has none of.
    mutating func appendEntry(_ name: Span<UInt8>, typeByte: UInt8) -> (name: Range<Int>, textStart: Int) {
        let nameStart = self.bytes.count + 2
        self.bytes.append(bytesMax: name.count + 3) { entry in
            entry.append(byte: UInt8(truncatingIfNeeded: name.count >> 8))
            entry.append(byte: UInt8(truncatingIfNeeded: name.count))
            entry.append(name)
            entry.append(byte: typeByte)
        }
        return (nameStart..<nameStart + name.count, self.bytes.count)
    }

    /// Reserves four bytes for a length.
    mutating func beginBytes() -> Int {
        self.appendZeros(4)
        return self.bytes.count
    }

    mutating func endBytes(_ start: Int) {
        self.patch(UInt32(self.bytes.count - start), at: start - 4)
    }

    /// Replaces the text just appended from `start` with the number's canonical text.
    mutating func endNumber(_ start: Int) {
        // Each slice is released before the bytes are changed; otherwise the change would copy the buffer.
        if !DynamoDBNumber.isCanonical(self.bytes.span.extracting(start..<self.bytes.count)) {
            do throws(ValidationFailure) {
                let number = try DynamoDBNumber.parse(self.bytes[start...])
                self.bytes.removeSubrange(start...)
                number.appendText(to: &self.bytes)
            } catch {
                self.fail(error.message)
                self.bytes.removeSubrange(start...)
                self.bytes.append(UInt8(ascii: "0"))
            }
        }
        self.endBytes(start)
    }

    mutating func appendBoolean(_ value: Bool) {
        self.bytes.append(value ? AttributeType.bool.rawValue : AttributeType.falseByte)
    }

    /// Appends a value that is already in stored form.
    mutating func appendStored(_ value: ArraySlice<UInt8>) {
        self.bytes.append(contentsOf: value)
    }

    mutating func append(_ bytes: some Sequence<UInt8>) {
        self.bytes.append(contentsOf: bytes)
    }

    mutating func removeLast(from offset: Int) {
        self.bytes.removeSubrange(offset...)
    }

    private mutating func appendZeros(_ count: Int) {
        self.bytes.append(addingCapacity: count) { span in
            for _ in 0..<count { span.append(0) }
        }
    }

    private mutating func patch(_ value: UInt32, at offset: Int) {
        unsafe self.bytes.withUnsafeMutableBytes { bytes in
            precondition(offset >= 0 && offset + 4 <= bytes.count, "a length is written where room was made for it")
            unsafe bytes.storeBytes(of: value.bigEndian, toByteOffset: offset, as: UInt32.self)
        }
    }
}

extension StoredItemBuilder {
    /// Appends a tree.
    mutating func append(_ value: AttributeValue) {
        self.checkNesting()
        switch value {
        case .s(let text): self.appendScalar(.s, Array(text.utf8))
        case .n(let number): self.appendScalar(.n, Array(number.text.utf8))
        case .b(let bytes): self.appendScalar(.b, bytes)
        case .ss(let texts): self.appendSet(.ss, texts.map { Array($0.utf8) })
        case .ns(let numbers): self.appendSet(.ns, numbers.map { Array($0.text.utf8) })
        case .bs(let values): self.appendSet(.bs, values)
        case .m(let tree):
            var place = self.beginMap()
            self.append(tree, &place)
            self.endNested(place)
        case .l(let elements):
            var place = self.beginList()
            for element in elements {
                place.count += 1
                self.append(element)
            }
            self.endNested(place)
        case .bool(let value): self.appendBoolean(value)
        case .null: self.appendType(.null)
        }
    }

    mutating func append(_ tree: AttributeTree, _ place: inout Place) {
        for entry in tree.entries {
            place.count += 1
            self.appendName(Array(entry.name.utf8)[...])
            self.append(entry.value)
        }
    }

    mutating func appendName(_ name: ArraySlice<UInt8>) {
        let start = self.beginName()
        self.append(name)
        self.endName(start)
    }

    private mutating func appendScalar(_ type: AttributeType, _ bytes: [UInt8]) {
        let start = self.beginBytes(type)
        self.append(bytes)
        self.endBytes(start)
    }

    private mutating func appendSet(_ type: AttributeType, _ elements: [[UInt8]]) {
        self.appendType(type)
        let place = Place(offset: self.bytes.count, count: UInt32(elements.count))
        self.append([0, 0, 0, 0, 0, 0, 0, 0])
        for element in elements {
            let start = self.beginBytes()
            self.append(element)
            self.endBytes(start)
        }
        self.endSet(place)
    }

    mutating func beginSet(_ type: AttributeType) -> Place {
        self.appendType(type)
        let place = Place(offset: self.bytes.count)
        self.append([0, 0, 0, 0, 0, 0, 0, 0])
        return place
    }

    mutating func endSet(_ place: Place) {
        self.patch(UInt32(self.bytes.count - place.offset - 4), at: place.offset)
        self.patch(place.count, at: place.offset + 4)
    }
}

extension AttributeMap {
    /// The values of an expression without their failure, if that is only the depth of a value, so that the stored form
    /// has all of them whole; else nil. What was skipped because they are too large is another failure.
    package var atAnyDepth: AttributeMap? {
        self.failure == StoredItemBuilder.nestingFailure ? AttributeMap(whole: self.bytes) : nil
    }
}

/// One file of a model: its metadata and the positions of its tensors, as stored in the file.
struct GGUFPart: Sendable {
    /// The first bytes of every file.
    static let magic = Array("GGUF".utf8)

    let path: String
    /// The format's version, 2 or 3.
    let version: UInt64
    let fileBytes: UInt64
    let metadata: GGUFMetadata
    let tensors: [GGUFTensor]

    /// Parses the head of a file. The weights are not read, but the file must be long enough for them. `part` is the
    /// index of this file in a split model, from 0.
    init(path: String, part: Int) throws(GGUFError) {
        var cursor = try GGUFCursor(path: path)
        self.version = try Self.readVersion(&cursor)
        let tensorCount = try cursor.unsigned(bytes: 8)
        let metadataCount = try cursor.unsigned(bytes: 8)
        // A tensor takes at least 33 bytes in the table (a name of one letter, one dimension), a key 14.
        try Self.check(tensorCount, "tensors", most: GGUFLimits.tensorCountMax, bytesEach: 33, cursor)
        try Self.check(metadataCount, "metadata keys", most: GGUFLimits.metadataCountMax, bytesEach: 14, cursor)
        self.metadata = try GGUFMetadata(&cursor, count: metadataCount)
        let alignment = try Self.alignment(self.metadata, cursor)
        self.tensors = try TensorTable.read(&cursor, count: tensorCount, alignment: alignment, part: part)
        self.path = path
        self.fileBytes = cursor.fileBytes
    }

    private static func readVersion(_ cursor: inout GGUFCursor) throws(GGUFError) -> UInt64 {
        guard cursor.fileBytes >= 4, try cursor.unsigned(bytes: 4) == 0x4655_4747 else {
            throw GGUFError(.notGGUF, path: cursor.path, "this is not a GGUF file: it does not begin with \"GGUF\"")
        }
        let version = try cursor.unsigned(bytes: 4)
        switch version {
        case 2, 3:
            return version
        case 0x0200_0000, 0x0300_0000:
            let reason = "this GGUF file is big-endian, for other machines; use the little-endian file"
            throw cursor.error(.bigEndian, reason)
        default:
            throw cursor.error(.unsupported, "GGUF version \(version) is not supported, only versions 2 and 3")
        }
    }

    private static func check(
        _ count: UInt64, _ what: String, most countMax: UInt64, bytesEach: UInt64, _ cursor: borrowing GGUFCursor
    ) throws(GGUFError) {
        guard count <= countMax else {
            throw cursor.error(.tooLarge, "\(count) \(what) are more than \(countMax)")
        }
        try cursor.require(count * bytesEach, "a table of \(count) \(what)")
    }

    private static func alignment(
        _ metadata: GGUFMetadata, _ cursor: borrowing GGUFCursor
    ) throws(GGUFError) -> UInt64 {
        let key = "general.alignment"
        guard let value = metadata.values[key] else { return 32 }
        guard case .unsigned(let alignment) = value, alignment > 0, alignment & (alignment - 1) == 0 else {
            throw cursor.error(.malformed, "\(key) is not a power of two")
        }
        guard alignment <= GGUFLimits.alignmentBytesMax else {
            throw cursor.error(.tooLarge, "\(key) is \(alignment), more than \(GGUFLimits.alignmentBytesMax)")
        }
        return alignment
    }
}

/// Reads the table of tensors.
private enum TensorTable {
    static func read(
        _ cursor: inout GGUFCursor, count: UInt64, alignment: UInt64, part: Int
    ) throws(GGUFError) -> [GGUFTensor] {
        var rows: [(tensor: GGUFTensor, row: UInt64)] = []
        var names: Set<String> = []
        var expected: UInt64 = 0
        for index in 0..<count {
            cursor.place = "tensor \(index + 1) of \(count)"
            let tensor = try self.row(&cursor, part: part)
            guard names.insert(tensor.name).inserted else {
                throw cursor.error(.malformed, "two tensors are named \(GGUFError.shown(tensor.name))")
            }
            // As in ggml: each tensor begins at the padded end of the previous one.
            guard tensor.offset == expected else {
                let found = "begins at \(tensor.offset) of the data instead of \(expected)"
                throw cursor.error(.malformed, "tensor \(GGUFError.shown(tensor.name)) \(found)")
            }
            rows.append((tensor, index))
            expected = try self.padded(expected, tensor.byteCount, alignment, cursor)
        }
        let dataStart = try self.padded(cursor.offset, 0, alignment, cursor)
        var tensors: [GGUFTensor] = []
        tensors.reserveCapacity(rows.count)
        for row in rows {
            let (start, startOverflow) = dataStart.addingReportingOverflow(row.tensor.offset)
            let (end, endOverflow) = start.addingReportingOverflow(row.tensor.byteCount)
            guard !startOverflow, !endOverflow, end <= cursor.fileBytes else {
                cursor.place = "tensor \(row.row + 1) of \(count)"
                let name = GGUFError.shown(row.tensor.name)
                let sizes = "its \(row.tensor.byteCount) bytes end after the file's \(cursor.fileBytes)"
                throw cursor.error(.truncated, "the file is incomplete: tensor \(name) is cut off, \(sizes)")
            }
            tensors.append(
                GGUFTensor(
                    name: row.tensor.name, dimensions: row.tensor.dimensions, type: row.tensor.type, part: part,
                    offset: start, byteCount: row.tensor.byteCount))
        }
        return tensors
    }

    /// One row; its offset is still relative to the data section.
    private static func row(_ cursor: inout GGUFCursor, part: Int) throws(GGUFError) -> GGUFTensor {
        let bytes = try cursor.lengthAndBytes(most: GGUFLimits.tensorNameBytesMax, "a tensor's name")
        guard let name = String(validating: bytes, as: UTF8.self), !name.isEmpty else {
            throw cursor.error(.malformed, "a tensor's name is empty or not UTF-8")
        }
        cursor.place = "tensor \(GGUFError.shown(name))"
        let dimensionCount = try cursor.unsigned(bytes: 4)
        guard (1...GGUFLimits.dimensionCountMax).contains(dimensionCount) else {
            throw cursor.error(.malformed, "a tensor has 1 to 4 dimensions, not \(dimensionCount)")
        }
        var dimensions: [UInt64] = []
        var elements: UInt64 = 1
        for _ in 0..<dimensionCount {
            let dimension = try cursor.unsigned(bytes: 8)
            let (product, overflow) = elements.multipliedReportingOverflow(by: dimension)
            guard dimension > 0, !overflow, product <= UInt64(Int64.max) else {
                throw cursor.error(.malformed, "a dimension is 0, or the tensor has more than 2^63 - 1 numbers")
            }
            elements = product
            dimensions.append(dimension)
        }
        let typeNumber = try cursor.unsigned(bytes: 4)
        guard let type = UInt32(exactly: typeNumber).flatMap(TensorType.init(rawValue:)) else {
            throw cursor.error(.unsupported, "tensor type \(typeNumber) is not known")
        }
        guard type.bytes(elements: dimensions[0]) != nil, let byteCount = type.bytes(elements: elements) else {
            let blocks = "rows of \(dimensions[0]) are no whole blocks of \(type.blockElements)"
            throw cursor.error(.malformed, "\(type.label) stores blocks, and \(blocks), or there are too many")
        }
        let offset = try cursor.unsigned(bytes: 8)
        return GGUFTensor(
            name: name, dimensions: dimensions, type: type, part: part, offset: offset, byteCount: byteCount)
    }

    /// The sum, rounded up to the alignment.
    private static func padded(
        _ offset: UInt64, _ more: UInt64, _ alignment: UInt64, _ cursor: borrowing GGUFCursor
    ) throws(GGUFError) -> UInt64 {
        let (end, overflow) = offset.addingReportingOverflow(more)
        let (rounded, roundedOverflow) = end.addingReportingOverflow(alignment - 1)
        guard !overflow, !roundedOverflow else {
            throw cursor.error(.malformed, "the tensors are larger than any file can be")
        }
        return rounded & ~(alignment - 1)
    }
}

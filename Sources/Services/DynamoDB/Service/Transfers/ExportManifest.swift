internal import Primitives
internal import ServiceModel
internal import WireProtocols

/// The manifests beside an export's data files.
///
/// - Source: DynamoDB Developer Guide, "DynamoDB table export output format".
enum ExportManifest {
    /// One line of `manifest-files.json`.
    static func file(key: String, itemCount: Int, md5: [UInt8]) -> [UInt8] {
        var text = JSONText()
        text.add("itemCount", itemCount)
        text.add("md5Checksum", Base64.encode(md5))
        text.add("etag", "\(Hex.encode(md5))-1")
        text.add("dataFileS3Key", key)
        return text.bytes
    }

    /// `manifest-summary.json`.
    static func summary(_ export: ExportDescriptor, end: Timestamp) -> [UInt8] {
        var text = JSONText()
        func shown(_ time: Timestamp) -> String {
            let text = TimestampText.string(time, as: .dateTime)
            // Milliseconds also where they are zero.
            return text.contains(".") ? text : text.dropLast() + ".000Z"
        }
        if case .incremental = export.extent {
            text.add("version", "2023-08-01")
        } else {
            text.add("version", "2020-06-30")
        }
        text.add("exportArn", export.arn)
        text.add("startTime", shown(export.start))
        text.add("endTime", shown(end))
        text.add("tableArn", export.table.arn)
        text.add("tableId", export.table.tableID)
        switch export.extent {
        case .full: text.add("exportTime", shown(export.time))
        case .incremental(let from, let to, _):
            text.add("exportFromTime", shown(from))
            text.add("exportToTime", shown(to))
        }
        text.add("s3Bucket", export.bucket)
        text.add("s3Prefix", export.prefix)
        text.add("s3SseAlgorithm", export.encryption ?? "AES256")
        text.add("s3SseKmsKeyId", export.encryptionKey)
        text.add("manifestFilesS3Key", export.objectKey("manifest-files.json"))
        text.add("billedSizeBytes", export.billedBytes)
        text.add("itemCount", export.itemCount)
        text.add("outputFormat", "DYNAMODB_JSON")
        if case .incremental(_, _, let withOldImages) = export.extent {
            text.add("outputView", withOldImages ? "NEW_AND_OLD_IMAGES" : "NEW_IMAGE")
            text.add("exportType", "INCREMENTAL_EXPORT")
        } else {
            text.add("exportType", "FULL_EXPORT")
        }
        return text.bytes
    }

    /// One JSON object, member by member.
    private struct JSONText {
        private var output: [UInt8] = [UInt8(ascii: "{")]

        var bytes: [UInt8] { self.output + [UInt8(ascii: "}")] }

        mutating func add(_ name: String, _ value: Int) {
            self.name(name)
            self.output.append(contentsOf: String(value).utf8)
        }

        mutating func add(_ name: String, _ value: String?) {
            self.name(name)
            guard let value else { return self.output.append(contentsOf: "null".utf8) }
            self.text(value)
        }

        private mutating func name(_ name: String) {
            if self.output.count > 1 { self.output.append(UInt8(ascii: ",")) }
            self.text(name)
            self.output.append(UInt8(ascii: ":"))
        }

        private mutating func text(_ value: String) {
            self.output.append(UInt8(ascii: "\""))
            for byte in value.utf8 {
                switch byte {
                case UInt8(ascii: "\""), UInt8(ascii: "\\"): self.output += [UInt8(ascii: "\\"), byte]
                case 0..<0x20: self.output.append(contentsOf: "\\u00\(Hex.encode(CollectionOfOne(byte)))".utf8)
                default: self.output.append(byte)
                }
            }
            self.output.append(UInt8(ascii: "\""))
        }
    }
}

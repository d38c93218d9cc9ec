// SPDX-License-Identifier: MIT
/*
 * Run a model with TensorFlow Lite on made-up inputs.
 *
 * usage: run_tflite MODEL RUNS OUTPUT
 *
 * Element j of an input in run r is (37 j + 11 r) mod 255, as reals divided by
 * 255. The outputs of all runs go to OUTPUT, one behind the other.
 */
#include <stdio.h>
#include <stdlib.h>

#include <tensorflow/lite/c/c_api.h>

static int fill(TfLiteTensor *tensor, int run)
{
	size_t bytes = TfLiteTensorByteSize(tensor);
	unsigned char *data = malloc(bytes + 4);
	int err;

	if (!data)
		return 1;
	for (size_t j = 0; TfLiteTensorType(tensor) == kTfLiteFloat32 && j < bytes / 4; j++)
		((float *)data)[j] = (float)((j * 37 + (size_t)run * 11) % 255) / 255.f;
	for (size_t j = 0; TfLiteTensorType(tensor) != kTfLiteFloat32 && j < bytes; j++)
		data[j] = (unsigned char)((j * 37 + (size_t)run * 11) % 255);
	err = TfLiteTensorCopyFromBuffer(tensor, data, bytes) != kTfLiteOk;
	free(data);
	return err;
}

int main(int argc, char **argv)
{
	TfLiteModel *model = argc == 4 ? TfLiteModelCreateFromFile(argv[1]) : NULL;
	TfLiteInterpreter *interpreter = model ? TfLiteInterpreterCreate(model, NULL) : NULL;
	FILE *file;

	if (!interpreter || TfLiteInterpreterAllocateTensors(interpreter) != kTfLiteOk)
		return 1;
	file = fopen(argv[3], "wb");
	if (!file)
		return 1;
	for (int run = 0; run < atoi(argv[2]); run++) {
		for (int i = 0; i < TfLiteInterpreterGetInputTensorCount(interpreter); i++)
			if (fill(TfLiteInterpreterGetInputTensor(interpreter, i), run))
				return 1;
		if (TfLiteInterpreterInvoke(interpreter) != kTfLiteOk)
			return 1;
		for (int i = 0; i < TfLiteInterpreterGetOutputTensorCount(interpreter); i++) {
			const TfLiteTensor *tensor = TfLiteInterpreterGetOutputTensor(interpreter, i);

			fwrite(TfLiteTensorData(tensor), 1, TfLiteTensorByteSize(tensor), file);
		}
	}
	return fclose(file) != 0;
}
